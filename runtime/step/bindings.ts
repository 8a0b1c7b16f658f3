/**
 * Finds the code for an actor: by type and version for a root, by the sources on the way down for a child.
 */
import { idOf } from '../../actors/address.js'
import { type Behaviour, behaviour, type Definition } from '../../actors/definition.js'
import { SetupError, UnavailableError, UnknownTypeError } from '../../actors/errors.js'
import type { ActorRecord } from '../../actors/record.js'
import type { Binding } from './life.js'

export class Bindings {
  readonly #current = new Map<string, Behaviour>()
  readonly #versions = new Map<string, Behaviour>()
  /** By type and version: what roots run. One object for all actors of a version, and no name put together to find it. */
  readonly #roots = new Map<string, Map<string, Binding>>()
  readonly #children = new Map<string, Binding>()
  readonly types: readonly string[]

  /** @throws SetupError `InvalidDefinition` when two definitions claim one type, or one version of it. */
  constructor(definitions: readonly Definition[]) {
    if (definitions.length === 0)
      throw new SetupError('InvalidDefinition', "expected at least one definition in 'actors', found none")
    for (const definition of definitions) {
      const given = definition[behaviour]
      if (given === undefined)
        throw new SetupError(
          'InvalidDefinition',
          `expected what defineActor returns, found ${typeof definition}`,
        )
      if (this.#current.has(given.type))
        throw new SetupError(
          'InvalidDefinition',
          `two definitions of actor type '${given.type}'; older versions go under 'previous'`,
        )
      this.#current.set(given.type, given)
      for (const one of [given, ...given.previous]) this.#addVersion(given.type, one)
    }
    this.types = [...this.#current.keys()]
  }

  #addVersion(type: string, one: Behaviour): void {
    if (one.type !== type)
      throw new SetupError(
        'InvalidDefinition',
        `'${type}' names a previous version of another type, '${one.type}'`,
      )
    const name = `${type}@${one.version}`
    if (this.#versions.has(name))
      throw new SetupError(
        'InvalidDefinition',
        `two definitions of ${name}: give the newer one another version`,
      )
    this.#versions.set(name, one)
    const roots = this.#roots.get(type) ?? new Map<string, Binding>()
    this.#roots.set(type, roots.set(one.version, { behaviour: one, logic: one.logic }))
  }

  get all(): readonly Behaviour[] {
    return [...this.#versions.values()]
  }

  /** The definition new actors of a type start on. @throws UnknownTypeError */
  current(type: string): Behaviour {
    const found = this.#current.get(type)
    if (found === undefined) throw new UnknownTypeError(type, this.types)
    return found
  }

  has(type: string): boolean {
    return this.#current.has(type)
  }

  hasVersion(type: string, version: string): boolean {
    return this.#versions.has(`${type}@${version}`)
  }

  /** The code a stored actor runs. @throws UnavailableError when its version was not given. */
  of(record: Pick<ActorRecord, 'address' | 'version' | 'child'>): Binding {
    return this.find(idOf(record.address).type, record.version, record.child?.srcs ?? [], record.address)
  }

  find(type: string, version: string, srcs: readonly string[], address: string): Binding {
    const binding = this.#roots.get(type)?.get(version)
    if (binding !== undefined && srcs.length === 0) return binding
    const name = `${type}@${version}`
    if (binding === undefined)
      throw new UnavailableError(
        `it is pinned to ${name}, which this runtime was not given; list it under 'previous' of '${type}'`,
        address,
        false,
      )
    const root = binding.behaviour
    const path = `${name}/${srcs.join('/')}`
    const known = this.#children.get(path)
    if (known !== undefined) return known
    const found = { behaviour: root, logic: childLogic(root, srcs, address) }
    this.#children.set(path, found)
    return found
  }
}

function childLogic(root: Behaviour, srcs: readonly string[], address: string) {
  let logic = root.logic
  for (const src of srcs) {
    const source = logic.source(src)
    if (source?.kind !== 'child')
      throw new UnavailableError(
        `${root.type}@${root.version} has no child logic '${srcs.join("' / '")}'`,
        address,
        false,
      )
    logic = source.logic
  }
  return logic
}
