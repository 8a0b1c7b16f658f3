/**
 * A handle on one actor. Turns calls into commands and waits for what becomes of them; holds no state of
 * the actor.
 */
import type { AnyActorLogic, EmittedFrom, EventFromLogic, InputFrom, OutputFrom, Subscription } from 'xstate'
import type { Address } from '../../actors/address.js'
import { toErrorValue } from '../../actors/codec.js'
import type { Behaviour } from '../../actors/definition.js'
import { StepFailedError } from '../../actors/errors.js'
import type { AppliedCommand } from '../../actors/inbox.js'
import { changesOf } from './changes.js'
import { durableSnapshot } from './durable-snapshot.js'
import { firstFromNow, type Sought } from './first-state.js'
import { selected } from './selecting.js'
import {
  firstLater,
  type MessageOptions,
  messageCommand,
  type Recipient,
  startCommand,
  submitWithin,
  terminateCommand,
  waitForState,
} from './sending.js'
import type { ActorService } from './service.js'
import type { ActorHandle, Applied, DurableSnapshot, HistoryEntry, Receipt, Wait } from './types.js'

type Predicate<L extends AnyActorLogic> = (snapshot: DurableSnapshot<L>) => boolean

type Selected<S, K extends keyof S> = S[K] extends (...args: never[]) => infer R ? R : never

export class LocalActorHandle<L extends AnyActorLogic, S> implements ActorHandle<L, S> {
  readonly id: `${string}/${string}`
  readonly #service: ActorService
  readonly #to: Recipient

  constructor(address: Address, behaviour: Behaviour, service: ActorService) {
    this.id = address as `${string}/${string}`
    this.#service = service
    this.#to = { address, behaviour, service }
  }

  async start(
    input: InputFrom<L>,
    options: Wait & { id?: string } = {},
  ): Promise<Applied<L> & { created: boolean }> {
    const command = await startCommand(this.#to, input, options)
    const applied = await submitWithin(this.#to, command, options)
    const { commandId: id, position, duplicate, handled, created } = applied
    const snapshot = durableSnapshot<L>(applied)
    return { id, position, durability: 'disk', duplicate, handled, snapshot, created }
  }

  async send(
    event: EventFromLogic<L>,
    options: { id?: string; start?: InputFrom<L>; delayMs?: number } = {},
  ): Promise<Receipt> {
    const message = await messageCommand(this.#to, event, withStart(options))
    return receipt(await this.#service.submit(message))
  }

  async ask(
    event: EventFromLogic<L>,
    options: Wait & { id?: string; start?: InputFrom<L>; until?: Predicate<L> } = {},
  ): Promise<Applied<L>> {
    const began = this.#service.clock.now()
    const message = await messageCommand(this.#to, event, withStart(options))
    const outcome = await submitWithin(this.#to, message, options)
    const applied = appliedTo<L>(outcome)
    const { until } = options
    if (until === undefined || until(applied.snapshot)) return applied
    const snapshot = await firstLater(this.#to, outcome, sought<L>(until), { ...options, began })
    return { ...applied, snapshot }
  }

  async select<K extends keyof S>(name: K) {
    return (await selected(this.#to, String(name))) as Selected<S, K>
  }

  async getSnapshot(options: { atSeq?: number } = {}): Promise<DurableSnapshot<L> | undefined> {
    const seen = await this.#service.see(this.id, options.atSeq)
    return seen === undefined ? undefined : durableSnapshot<L>(seen)
  }

  async waitFor(predicate: Predicate<L>, options: Wait = {}): Promise<DurableSnapshot<L>> {
    return firstFromNow(this.id, this.#service, sought<L>(predicate), waitForState(this.#to, options))
  }

  async output(options: Wait = {}): Promise<OutputFrom<L>> {
    const ended = await this.waitFor(snapshot => statusOf(snapshot) !== 'active', options)
    const { status, output, error } = ended as unknown as {
      status: string
      output: OutputFrom<L>
      error: unknown
    }
    if (status === 'done') return output
    throw new StepFailedError(
      this.id,
      ended.seq,
      status === 'error' ? toErrorValue(error).message : `it was ${status}`,
    )
  }

  subscribe(listener: (snapshot: DurableSnapshot<L>) => void): Subscription {
    return { unsubscribe: this.#service.follow(this.id, seen => listener(durableSnapshot<L>(seen))) }
  }

  changes(options: { afterSeq?: number; signal?: AbortSignal } = {}): AsyncIterable<DurableSnapshot<L>> {
    return shown(changesOf(this.id, this.#service, options), seen => durableSnapshot<L>(seen))
  }

  on<T extends EmittedFrom<L>['type']>(
    type: T,
    listener: (event: Extract<EmittedFrom<L>, { type: T }>) => void,
  ): Subscription {
    // What an async listener gives is handed on, so that its failure is told.
    const unsubscribe = this.#service.followEvents(this.id, event =>
      event.type === type ? listener(event as Extract<EmittedFrom<L>, { type: T }>) : undefined,
    )
    return { unsubscribe }
  }

  async *history(options: { afterSeq?: number } = {}): AsyncIterable<HistoryEntry> {
    yield* this.#service.entries(this.id, options.afterSeq ?? 0)
  }

  async terminate(reason: string): Promise<Receipt> {
    return receipt(await this.#service.submit(terminateCommand(this.#to, reason)))
  }
}

/** Each item in another form, as it is asked for. */
async function* shown<Item, Shown>(
  items: AsyncGenerator<Item>,
  show: (item: Item) => Shown,
): AsyncGenerator<Shown> {
  for await (const item of items) yield show(item)
}

function receipt(applied: AppliedCommand): Receipt {
  return {
    id: applied.commandId,
    position: applied.position,
    durability: applied.durability ?? 'disk',
    duplicate: applied.duplicate,
  }
}

function appliedTo<L extends AnyActorLogic>(applied: AppliedCommand): Applied<L> {
  const { commandId: id, position, duplicate, handled } = applied
  return { id, position, durability: 'disk', duplicate, handled, snapshot: durableSnapshot<L>(applied) }
}

function sought<L extends AnyActorLogic>(fits: Predicate<L>): Sought<DurableSnapshot<L>> {
  return { show: durableSnapshot<L>, fits }
}

/** A handle's options as a command's: `start` is the input itself there. */
function withStart(options: Omit<MessageOptions, 'start'> & { start?: unknown }): MessageOptions {
  const { start } = options
  return start === undefined
    ? (options as Omit<MessageOptions, 'start'>)
    : { ...options, start: { input: start } }
}

function statusOf(snapshot: unknown): string {
  return (snapshot as { status: string }).status
}
