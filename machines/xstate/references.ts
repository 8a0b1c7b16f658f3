/**
 * What stands for live actors while XState computes a step: the machine itself, and its children. They are
 * data with an address; nothing runs behind them. All are stored as plain references.
 */
import { type Address, childAddress, childIdOf, parentOf } from '../../actors/address.js'
import { limits } from '../../actors/limits.js'
import { Reference } from '../../actors/reference.js'
import { BoundedMap } from '../bounded-map.js'
import type { StepSystem } from './system.js'

/** `self` in a step. Lives on as a name only, should the machine keep it. */
export class SelfReference extends Reference {
  /** XState hands these on to the children it creates. */
  readonly system: StepSystem
  readonly sessionId: string
  readonly #parent: Address | undefined

  constructor(address: Address, parent: Address | undefined, system: StepSystem) {
    super(address)
    this.system = system
    this.sessionId = address
    this.#parent = parent
  }

  /** Read by `sendParent`. */
  get _parent(): Reference {
    if (this.#parent === undefined)
      throw new Error(`${this.address} has no parent: sendParent works in an invoked or spawned machine only`)
    return new Reference(this.#parent)
  }

  /** The state before the step, as XState gives it during a transition. */
  getSnapshot(): unknown {
    return this.system.before(this)
  }
}

/** A child of the machine, under the id the machine knows it by. */
export class ChildReference extends Reference {
  readonly #id: string
  /** The name of its logic among the machine's sources; undefined for one that is gone. */
  readonly src: string | undefined

  constructor(parent: Address, id: string, src: string | undefined) {
    super(childAddressOf(parent, id))
    this.#id = id
    this.src = src
  }

  override get id(): string {
    return this.#id
  }

  /** @throws Error always: another actor's state is no part of this one's. */
  getSnapshot(): never {
    throw new Error(
      `${this.address} keeps its own state: use onSnapshot, or let it send what others need to know`,
    )
  }
}

/** What an id adds to its parent's address. Machines name their children alike all the time. */
const suffixes = new BoundedMap<string, string>(limits.childIdsMax)

/**
 * `childAddress`, for ids that were met before without checking them again.
 * @throws InvalidKeyError as it does.
 */
export function childAddressOf(parent: Address, id: string): Address {
  return parent + (suffixes.get(id) ?? suffixes.keep(id, childAddress('', id)))
}

/** The id a reference has as a child of `parent`; undefined when it is somebody else. */
export function childIdUnder(parent: Address, reference: Reference): string | undefined {
  if (parentOf(reference.address) !== parent) return undefined
  return childIdOf(reference.address)
}
