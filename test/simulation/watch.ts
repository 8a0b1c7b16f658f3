/**
 * Watches the door while a simulation runs: nothing may leave that is not durable, and nothing twice that may
 * leave once.
 */
import type { ActivityPolicy } from '../../actors/logic.js'
import type { Runtime } from '../../runtime/client/types.js'
import type { Answer, Given } from './clients.js'
import type { Definitions } from './definitions.js'
import type { Owner } from './scheduler.js'
import type { Truth } from './truth.js'

export interface WatchSite {
  readonly truth: Truth
  readonly definitions: Definitions
  trace(what: string): void
  fail(what: string): void
}

export class Watch {
  readonly #site: WatchSite
  readonly #began = new Set<string>()

  constructor(site: WatchSite) {
    this.#site = site
  }

  /** Listens to all that is published and to each step, for as long as the process lives. */
  follow(process: Owner & { readonly runtime: Runtime }): void {
    const { truth, definitions, fail } = this.#site
    for (const key of ['x', 'y', 'ends', 'poked-r', 'poked-s']) {
      const counter = process.runtime.actor(definitions.counter, key)
      let [lastSeq, lastTold] = [0, -1]
      counter.subscribe(({ seq }) => {
        if (seq > truth.seqOf(counter.id)) fail(`${counter.id}: told of entry ${seq}, which is not durable`)
        if (lastSeq !== 0 && seq !== lastSeq + 1)
          fail(`${counter.id}: told of entry ${seq} after entry ${lastSeq}`)
        lastSeq = seq
      })
      counter.on('COUNTED', event => {
        const at = truth.published.findIndex(
          one => one.address === counter.id && JSON.stringify(one.event) === JSON.stringify(event),
        )
        if (at === -1) fail(`${counter.id}: told of ${JSON.stringify(event)}, which is not durable`)
        if (at <= lastTold) fail(`${counter.id}: told of ${JSON.stringify(event)} twice, or out of order`)
        lastTold = at
      })
    }
  }

  /** An attempt of an activity begins. */
  began(name: string, attempt: number, { once, attempts }: ActivityPolicy): void {
    const { truth, trace, fail } = this.#site
    trace(`begins ${name}`)
    const owed = truth.owed.get(name)
    if (owed === undefined) fail(`${name} began, and nothing durable owes it`)
    if (once && owed !== 'started') fail(`${name} began before its beginning was durable`)
    if (attempt > attempts) fail(`${name} began, and ${attempts} attempts are allowed`)
    if (this.#began.has(name)) fail(`${name} began twice`)
    this.#began.add(name)
  }

  answered({ order, address }: Given, { position, seen, duplicate }: Answer): void {
    const { truth, fail } = this.#site
    const entry = truth.entries[position - 1]
    if (entry === undefined)
      return fail(`${order.id} was answered at position ${position}, which is not durable`)
    if (entry.address !== address)
      fail(`${order.id} to ${address} was answered at position ${position}, an entry of ${entry.address}`)
    if (seen !== undefined && seen.seq !== entry.seq && !duplicate)
      fail(`${order.id} became entry ${entry.seq} and was shown entry ${seen.seq}`)
  }
}
