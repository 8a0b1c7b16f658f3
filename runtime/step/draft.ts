/**
 * An actor while one command is applied to it, and what the step wants to leave. Thrown away when the
 * step fails, so that a failure leaves nothing; finished into a life otherwise.
 */
import type { Address } from '../../actors/address.js'
import { parentOf } from '../../actors/address.js'
import { encodedLength, takePayload } from '../../actors/codec.js'
import type { ActorEvent, Command, InvocationToken } from '../../actors/command.js'
import type { PublishedEvent } from '../../actors/commit.js'
import type { Effect } from '../../actors/effect.js'
import { TooLargeError } from '../../actors/errors.js'
import type { Limits } from '../../actors/limits.js'
import type { ActorStatus, StepContext, Stimulus } from '../../actors/logic.js'
import type {
  ActorRecord,
  Child,
  ChildBond,
  Invocation,
  Quarantine,
  RecentCommand,
  Timer,
} from '../../actors/record.js'
import { applyEffects } from './apply-effects.js'
import { type Binding, type Life, weightOf } from './life.js'
import { seedOf } from './seed.js'

/** A custom action, to be run once after the commit. */
export interface Act {
  readonly address: Address
  readonly name: string
  readonly run: () => void
}

const NO_BYTES = new Uint8Array()
const NONE: readonly never[] = []

/** A list with one more item: the list itself, unless it is the one that all drafts begin with. */
function added<Item>(list: readonly Item[], item: Item): readonly Item[] {
  if (list.length === 0) return [item]
  const own = list as Item[]
  own.push(item)
  return own
}

export class Draft {
  readonly address: Address
  readonly binding: Binding
  readonly incarnation: number
  readonly version: string
  readonly seq: number
  readonly position: number
  readonly at: number
  readonly child: ChildBond | undefined
  readonly limits: Limits
  /** Trace context of the step, for what it sends, sets and invokes. */
  readonly trace: string | undefined
  status: ActorStatus = 'active'
  state: unknown
  bytes: Uint8Array = NO_BYTES
  timers: readonly Timer[] = NONE
  invocations: readonly Invocation[] = NONE
  children: readonly Child[] = NONE
  epoch = 0
  timer = 0
  recent: readonly RecentCommand[] = NONE
  terminated: string | undefined
  quarantine: Quarantine | undefined
  /** What it held back, once it rests no more. */
  released: readonly Command[] = NONE
  /** What it wants; few steps want anything of most kinds, so a list is made for the first. */
  effects: readonly Effect[] = NONE
  sends: readonly Command[] = NONE
  published: readonly PublishedEvent[] = NONE
  acts: readonly Act[] = NONE
  handled = true
  leavingBytes = 0
  /** Grows with all that is stored; made exact when it may be too much. */
  #weight = 0

  constructor(
    of: Life | Birth,
    step: { position: number; at: number; limits: Limits; trace: string | undefined },
  ) {
    const before = 'record' in of ? of.record : of
    this.address = before.address
    this.binding = of.binding
    this.version = before.version
    this.child = before.child
    this.position = step.position
    this.at = step.at
    this.limits = step.limits
    this.trace = step.trace
    if ('record' in of) {
      const record = of.record
      this.incarnation = record.incarnation
      this.seq = record.seq + 1
      this.status = record.status
      this.state = of.state
      this.bytes = record.state
      this.timers = record.timers
      this.invocations = record.invocations
      this.children = record.children
      this.epoch = record.epoch
      this.timer = record.timer
      this.recent = record.recent
      this.terminated = record.terminated
      this.quarantine = record.quarantine
      this.#weight = of.weight
    } else {
      this.incarnation = step.position
      this.seq = of.seqBefore + 1
    }
  }

  get context(): StepContext {
    return {
      self: this.address,
      parent: parentOf(this.address),
      seq: this.seq,
      at: this.at,
      seed: seedOf(this.incarnation, this.seq),
    }
  }

  /** Gives birth: the logic's initial state and what it wants done. */
  begin(input: unknown): void {
    const step = this.binding.logic.initial(input, this.context)
    this.#take(step.state, step.effects)
  }

  /** Gives the logic a stimulus. */
  step(stimulus: Stimulus): void {
    const step = this.binding.logic.step(this.state, stimulus, this.context)
    this.handled = step.handled
    this.#take(step.state, step.effects)
  }

  #take(state: unknown, effects: readonly Effect[]): void {
    const { logic } = this.binding
    if (state !== this.state) {
      this.state = state
      this.#weight -= this.bytes.length
      this.bytes = logic.encode(state)
      this.#weight += this.bytes.length
      this.status = logic.status(state)
      if (this.bytes.length > this.limits.stateBytesMax)
        throw new TooLargeError(this.address, 'its state', this.bytes.length, this.limits.stateBytesMax)
    }
    // One step each, but for a message that is kept as a timer, which gives none.
    this.effects = this.effects.length === 0 ? effects : [...this.effects, ...effects]
    applyEffects(this, effects)
  }

  /** A value as it will be read back, so that a live step and a replay see the same. */
  stored(what: string, value: unknown): unknown {
    if (value === undefined || value === null || typeof value === 'boolean') return value
    const { payloadBytesMax } = this.limits
    const taken = takePayload(value)
    if (taken.bytes > payloadBytesMax)
      throw new TooLargeError(this.address, what, taken.bytes, payloadBytesMax)
    this.#weight += taken.bytes
    return taken.value
  }

  /** The same of what leaves the actor with this step. @throws TooLargeError when that is too much in all */
  leaving(what: string, value: unknown): unknown {
    const { stepSendsBytesMax } = this.limits
    const before = this.#weight
    const stored = this.stored(what, value)
    this.leavingBytes += this.#weight - before
    if (this.leavingBytes > stepSendsBytesMax)
      throw new TooLargeError(
        this.address,
        'all that one step sends and emits',
        this.leavingBytes,
        stepSendsBytesMax,
      )
    return stored
  }

  /** Counts what a record is about to keep, stored before. */
  weigh(value: unknown): void {
    this.#weight += encodedLength(value)
  }

  /** @throws TooLargeError when the record would pass its bound. */
  assertFits(): void {
    const { recordBytesMax } = this.limits
    if (this.#weight <= recordBytesMax) return
    const { bytes: state, timers, invocations, quarantine } = this
    this.#weight = weightOf({
      state,
      timers,
      invocations,
      ...(quarantine === undefined ? {} : { quarantine }),
    })
    if (this.#weight > recordBytesMax)
      throw new TooLargeError(this.address, 'its record', this.#weight, recordBytesMax)
  }

  send(command: Command): void {
    this.sends = added(this.sends, this.trace === undefined ? command : { ...command, trace: this.trace })
  }

  publish(event: ActorEvent): void {
    const { address, seq, position, at } = this
    this.published = added(this.published, { address, seq, position, at, event })
  }

  act(act: Act): void {
    this.acts = added(this.acts, act)
  }

  /** An id for a command this step sends: the same on every replay. */
  mintCommandId(): string {
    return `${this.address}.${this.incarnation}.${this.seq}.${this.sends.length}`
  }

  token(id: string, epoch: number, task: number, attempt: number): InvocationToken {
    return { actor: this.address, incarnation: this.incarnation, id, epoch, task, attempt }
  }

  finish(): Life {
    const record: Writable<ActorRecord> = {
      address: this.address,
      incarnation: this.incarnation,
      version: this.version,
      seq: this.seq,
      position: this.position,
      at: this.at,
      status: this.status,
      state: this.bytes,
      timers: this.timers,
      invocations: this.invocations,
      children: this.children,
      epoch: this.epoch,
      timer: this.timer,
      recent: this.recent,
    }
    if (this.child !== undefined) record.child = this.child
    if (this.terminated !== undefined) record.terminated = this.terminated
    if (this.quarantine !== undefined) record.quarantine = this.quarantine
    return { record, state: this.state, binding: this.binding, weight: this.#weight }
  }
}

/** While it is being made. */
export type Writable<T> = { -readonly [Field in keyof T]: T[Field] }

/** What is known of an actor that is about to be born. */
export interface Birth {
  readonly address: Address
  readonly binding: Binding
  readonly version: string
  readonly child: ChildBond | undefined
  /** Last entry of an earlier actor at this address: numbers go on, so no entry's name is used twice. */
  readonly seqBefore: number
  /** `at` of that last entry: time goes on as well. */
  readonly atBefore: number
}
