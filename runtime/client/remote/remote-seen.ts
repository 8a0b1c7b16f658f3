/**
 * States of actors elsewhere, as the client's own definitions read them.
 *
 * Invariant: a state is decoded when it is looked at, so a command to an actor of a version that the client
 * does not hold is applied and receipted like any other; only looking at the state fails, and says why.
 */
import { type Address, idOf } from '../../../actors/address.js'
import { UnavailableError } from '../../../actors/errors.js'
import type { AppliedCommand } from '../../../actors/inbox.js'
import type { ActorSnapshot, ActorStatus } from '../../../actors/logic.js'
import type { ActorView, AskReply } from '../../api/api.js'
import type { Bindings } from '../../step/bindings.js'
import type { SeenActor } from '../service.js'

/** What a state is read from. */
export type StateView = Pick<ActorView, 'id' | 'seq' | 'version' | 'at' | 'status' | 'state'>

export class RemoteSeen implements SeenActor {
  readonly address: Address
  readonly seq: number
  readonly version: string
  readonly at: number
  readonly state: Uint8Array
  readonly #status: ActorStatus
  readonly #bindings: Bindings
  #snapshot: ActorSnapshot | undefined

  /** @throws UnavailableError for a view that carries no state: who gave it is no runtime of ours. */
  constructor(view: StateView, bindings: Bindings) {
    if (view.state === undefined)
      throw new UnavailableError('what answered gave no state of it to decode', view.id, false)
    this.address = view.id
    this.seq = view.seq
    this.version = view.version
    this.at = view.at
    this.state = view.state
    this.#status = view.status
    this.#bindings = bindings
  }

  /** @throws UnavailableError when the client does not hold the actor's version. */
  get snapshot(): ActorSnapshot {
    this.#snapshot ??= this.#decoded()
    return this.#snapshot
  }

  #decoded(): ActorSnapshot {
    const { type } = idOf(this.address)
    if (!this.#bindings.hasVersion(type, this.version))
      throw new UnavailableError(
        `it runs ${type}@${this.version}, which this client was not given, so its state cannot be shown ` +
          `(a command sent to it is applied all the same); give connect that version, or list it under 'previous' of '${type}'`,
        this.address,
        false,
      )
    const { logic } = this.#bindings.find(type, this.version, [], this.address)
    const snapshot = logic.snapshot(logic.decode(this.state))
    if (snapshot.status === this.#status) return snapshot
    return Object.create(snapshot, { status: { value: this.#status, enumerable: true } })
  }
}

export class RemoteApplied extends RemoteSeen implements AppliedCommand {
  readonly commandId: string
  readonly position: number
  readonly durability: 'disk' | 'replicated'
  readonly duplicate: boolean
  readonly handled: boolean
  readonly created: boolean

  constructor(reply: AskReply & { readonly created?: boolean }, bindings: Bindings) {
    super(reply.snapshot, bindings)
    this.commandId = reply.id
    this.position = reply.position
    this.durability = reply.durability
    this.duplicate = reply.duplicate
    this.handled = reply.handled
    this.created = reply.created ?? false
  }
}
