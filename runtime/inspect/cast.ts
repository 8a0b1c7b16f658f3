/**
 * Which actors are shown, and each as it was last seen. Those named by id have their places kept; those that
 * queries fit share the rest. When all places are taken, whoever has ended gives way; a living one does not.
 *
 * Children are shown with their root, and take no place.
 */
import { type Address, idOf, rootOf } from '../../actors/address.js'
import { statePaths } from '../../journal/query.js'
import type { FollowedStep } from '../dispatch/followers.js'
import { type Life, snapshotOf } from '../step/life.js'
import type { Inspection, InspectQuery } from './options.js'
import { childrenOf } from './story.js'

/** Where actors are looked up. */
export interface CastSite {
  read(address: Address): Life | undefined
  /** The first actors that a query fits, in order of their addresses. */
  list(query: InspectQuery, limit: number): readonly Address[]
  readonly actorsMax: number
}

export class Cast {
  readonly #inspection: Inspection
  readonly #site: CastSite
  /** Each root shown, with all that is shown of it, the root first. */
  readonly #families = new Map<Address, Map<Address, Life>>()

  constructor(inspection: Inspection, site: CastSite) {
    this.#inspection = inspection
    this.#site = site
    for (const id of inspection.ids) this.#admit(id, site.read(id))
    for (const query of inspection.queries)
      for (const address of site.list(query, site.actorsMax))
        if (this.#hasRoom()) this.#admit(address, site.read(address))
  }

  /** Everyone shown, parents before their children. */
  *lives(): Generator<Life> {
    for (const family of this.#families.values()) yield* family.values()
  }

  /**
   * Takes note of a step. Answers what there is to tell of it: the step and the life before, or, of an actor that
   * just came to be shown, its whole family; undefined when the actor is not shown.
   */
  note({
    entry,
    life,
  }: FollowedStep): { before: Life | undefined } | { arrived: readonly Life[] } | undefined {
    const { address } = entry
    const root = rootOf(address)
    const family = this.#families.get(root)
    if (family !== undefined) {
      const before = family.get(address)
      if (life.record.status === 'active' || address === root) family.set(address, life)
      else family.delete(address)
      return { before }
    }
    if (address !== root || !this.#isWanted(life) || !this.#makeRoom(address)) return undefined
    this.#admit(address, life)
    return entry.seq === 1 ? { before: undefined } : { arrived: [...this.#families.get(root)!.values()] }
  }

  /** Shows no more of those who left. Answers them as they were last seen, parents before their children. */
  leave(hasLeft: (root: Address) => boolean): readonly Life[] {
    const left = [...this.#families].filter(([root]) => hasLeft(root))
    for (const [root] of left) this.#families.delete(root)
    return left.flatMap(([, family]) => [...family.values()])
  }

  #isWanted(life: Life): boolean {
    const { ids, queries } = this.#inspection
    return ids.includes(life.record.address) || queries.some(query => fits(life, query))
  }

  #admit(address: Address, life: Life | undefined): void {
    if (life === undefined || this.#families.has(address)) return
    const family = new Map<Address, Life>()
    const add = (one: Life | undefined) => {
      if (one === undefined) return
      family.set(one.record.address, one)
      for (const child of childrenOf(one)) add(this.#site.read(child))
    }
    add(life)
    this.#families.set(address, family)
  }

  /** Places for those that queries fit: what is left besides those named. */
  #hasRoom(): boolean {
    const { ids } = this.#inspection
    const named = ids.filter(id => !this.#families.has(id)).length
    return this.#families.size + named < this.#site.actorsMax
  }

  #makeRoom(address: Address): boolean {
    const { ids } = this.#inspection
    if (ids.includes(address) || this.#hasRoom()) return true
    for (const [root, family] of this.#families) {
      if (ids.includes(root) || family.get(root)?.record.status === 'active') continue
      this.#families.delete(root)
      return true
    }
    return false
  }
}

function fits(life: Life, { type, state, tag, status }: InspectQuery): boolean {
  if (idOf(life.record.address).type !== type) return false
  const { value, tags } = snapshotOf(life)
  return (
    (status === undefined || status === life.record.status) &&
    (tag === undefined || tags.has(tag)) &&
    (state === undefined || statePaths(value).includes(state))
  )
}
