/**
 * A handle on one actor. Turns calls into commands and waits for what becomes of them; holds no state of
 * the actor.
 */
import type { AnyActorLogic, EmittedFrom, EventFromLogic, InputFrom, OutputFrom, Subscription } from 'xstate'
import type { Address } from '../../actors/address.js'
import { toErrorValue } from '../../actors/codec.js'
import type { Command } from '../../actors/command.js'
import type { Behaviour } from '../../actors/definition.js'
import { InvalidEventError, NotBornError, StepFailedError, TimeoutError } from '../../actors/errors.js'
import type { AppliedCommand } from '../../actors/inbox.js'
import type { ActorSnapshot } from '../../actors/logic.js'
import { changesOf } from './changes.js'
import { admitCommandId, admitEvent, admitInput, admitReason, admitWait } from './door.js'
import { durableSnapshot } from './durable-snapshot.js'
import type { ActorService, SeenActor } from './service.js'
import type { ActorHandle, Applied, DurableSnapshot, HistoryEntry, Receipt, Wait } from './types.js'
import { wait } from './waiting.js'

/** What is left of a wait; `givenMs` is what the caller gave it as a whole. */
type PartOfWait = Wait & { readonly givenMs?: number }

type Predicate<L extends AnyActorLogic> = (snapshot: DurableSnapshot<L>) => boolean

type Selected<S, K extends keyof S> = S[K] extends (...args: never[]) => infer R ? R : never

export class LocalActorHandle<L extends AnyActorLogic, S> implements ActorHandle<L, S> {
  readonly id: `${string}/${string}`
  readonly #service: ActorService
  readonly #behaviour: Behaviour

  constructor(address: Address, behaviour: Behaviour, service: ActorService) {
    this.id = address as `${string}/${string}`
    this.#service = service
    this.#behaviour = behaviour
  }

  async start(
    input: InputFrom<L>,
    options: Wait & { id?: string } = {},
  ): Promise<Applied<L> & { created: boolean }> {
    const commandId = this.#commandId(options.id)
    const admitted = await admitInput(this.id, input, this.#behaviour, this.#service.limits)
    const applied = await this.#submit(
      { kind: 'start', commandId, target: this.id, input: admitted },
      options,
    )
    return { ...this.#applied(applied), created: applied.created }
  }

  async send(
    event: EventFromLogic<L>,
    options: { id?: string; start?: InputFrom<L>; delayMs?: number } = {},
  ): Promise<Receipt> {
    const message = await this.#message(event, options)
    return receipt(await this.#service.submit(message))
  }

  async ask(
    event: EventFromLogic<L>,
    options: Wait & { id?: string; start?: InputFrom<L>; until?: Predicate<L> } = {},
  ): Promise<Applied<L>> {
    const { clock } = this.#service
    const began = clock.now()
    const message = await this.#message(event, options)
    const applied = this.#applied(await this.#submit(message, options))
    const { until } = options
    if (until === undefined || until(applied.snapshot)) return applied
    const leftMs = Math.max(0, this.#timeoutMs(options) - (clock.now() - began))
    const snapshot = await this.#firstAfter(
      applied.snapshot.seq,
      until,
      { ...options, timeoutMs: leftMs, givenMs: this.#timeoutMs(options) },
      message.commandId,
    )
    return { ...applied, snapshot }
  }

  async select<K extends keyof S>(name: K) {
    const { selectors } = this.#behaviour
    const selector = Object.hasOwn(selectors, name) ? selectors[name as string] : undefined
    if (selector === undefined)
      throw new InvalidEventError(
        this.id,
        `a selector of ${this.#behaviour.type}: ${Object.keys(selectors).join(', ') || 'it has none'}`,
        `'${String(name)}'`,
      )
    const seen = this.#service.see(this.id)
    if (seen === undefined) throw new NotBornError(this.id)
    try {
      return selector(
        durableSnapshot<L>(seen) as unknown as ActorSnapshot,
        this.#service.clock.now(),
      ) as Selected<S, K>
    } catch (error) {
      throw new StepFailedError(
        this.id,
        seen.seq,
        `selector '${String(name)}': ${toErrorValue(error).message}`,
      )
    }
  }

  async getSnapshot(options: { atSeq?: number } = {}): Promise<DurableSnapshot<L> | undefined> {
    const seen = this.#service.see(this.id, options.atSeq)
    return seen === undefined ? undefined : durableSnapshot<L>(seen)
  }

  async waitFor(predicate: Predicate<L>, options: Wait = {}): Promise<DurableSnapshot<L>> {
    return this.#first(predicate, options, () => this.#service.see(this.id))
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
    return changesOf<L>(this.id, this.#service, options)
  }

  on<T extends EmittedFrom<L>['type']>(
    type: T,
    listener: (event: Extract<EmittedFrom<L>, { type: T }>) => void,
  ): Subscription {
    const unsubscribe = this.#service.followEvents(this.id, event => {
      if (event.type === type) listener(event as Extract<EmittedFrom<L>, { type: T }>)
    })
    return { unsubscribe }
  }

  async *history(options: { afterSeq?: number } = {}): AsyncIterable<HistoryEntry> {
    yield* this.#service.entries(this.id, options.afterSeq ?? 0)
  }

  async terminate(reason: string): Promise<Receipt> {
    const command: Command = {
      kind: 'operator',
      commandId: this.#service.mintId(),
      target: this.id,
      order: { type: 'terminate', reason: admitReason(this.id, reason, this.#service.limits) },
    }
    return receipt(await this.#service.submit(command))
  }

  async #message(event: unknown, options: { id?: string; start?: InputFrom<L>; delayMs?: number }) {
    const { limits } = this.#service
    const commandId = this.#commandId(options.id)
    const admitted = await admitEvent(this.id, event, this.#behaviour, limits)
    const start =
      'start' in options && options.start !== undefined
        ? { start: { input: await admitInput(this.id, options.start, this.#behaviour, limits) } }
        : {}
    const delay =
      options.delayMs === undefined ? {} : { delayMs: admitWait(this.id, 'a delay', options.delayMs, limits) }
    return { kind: 'message', commandId, target: this.id, event: admitted, ...start, ...delay } as const
  }

  #commandId(id: string | undefined): string {
    return id === undefined ? this.#service.mintId() : admitCommandId(this.id, id, this.#service.limits)
  }

  #timeoutMs(options: Wait): number {
    return options.timeoutMs === undefined
      ? this.#service.limits.askTimeoutMs
      : admitWait(this.id, 'a time-out', options.timeoutMs, this.#service.limits)
  }

  #submit(command: Command, options: Wait): Promise<AppliedCommand> {
    const waiting = this.#waiting(options, `'${command.kind}'`, command.commandId)
    return wait<AppliedCommand>(waiting, (resolve, reject) => {
      this.#service.submit(command).then(resolve, reject)
      return () => {}
    })
  }

  /** The first state that fits: the one `now` shows, or a later one. */
  #first(predicate: Predicate<L>, options: PartOfWait, now: () => SeenActor | undefined, commandId?: string) {
    return wait<DurableSnapshot<L>>(
      this.#waiting(options, 'the wait for a state', commandId),
      (resolve, reject) => {
        const look = (seen: SeenActor) => {
          try {
            const snapshot = durableSnapshot<L>(seen)
            if (predicate(snapshot)) resolve(snapshot)
          } catch (error) {
            reject(error)
          }
        }
        const seen = now()
        const stop = this.#service.follow(this.id, look)
        if (seen !== undefined) look(seen)
        return stop
      },
    )
  }

  /** The first state after entry `seq` that fits, judged over the history and then over what comes. */
  #firstAfter(seq: number, predicate: Predicate<L>, options: PartOfWait, commandId: string) {
    const past = () => {
      let last: SeenActor | undefined
      for (const seen of this.#service.states(this.id, seq)) {
        last = seen
        if (predicate(durableSnapshot<L>(seen))) break
      }
      return last
    }
    return this.#first(predicate, options, past, commandId)
  }

  #waiting(options: PartOfWait, what: string, commandId: string | undefined) {
    const timeoutMs = this.#timeoutMs(options)
    return {
      clock: this.#service.clock,
      timeoutMs,
      onEnd: (listener: (error: Error) => void) => this.#service.onEnd(listener),
      signal: options.signal,
      timedOut: () => new TimeoutError(this.id, what, options.givenMs ?? timeoutMs, commandId),
    }
  }

  #applied(applied: AppliedCommand): Applied<L> {
    return { ...receipt(applied), handled: applied.handled, snapshot: durableSnapshot<L>(applied) }
  }
}

function receipt(applied: AppliedCommand): Receipt {
  return {
    id: applied.commandId,
    position: applied.position,
    durability: 'disk',
    duplicate: applied.duplicate,
  }
}

function statusOf(snapshot: unknown): string {
  return (snapshot as { status: string }).status
}
