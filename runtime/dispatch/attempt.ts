/**
 * One attempt of an activity, while it runs: its deadline, its heartbeat, its cancellation, and the outcome
 * in the form in which it is recorded. Ends exactly once, whatever the user's function does.
 */
import { attemptToken } from '../../actors/attempt-token.js'
import type { Clock } from '../../actors/clock.js'
import { copyKnown, takePayload, toErrorValue } from '../../actors/codec.js'
import type { ActorEvent, InvocationToken, Outcome } from '../../actors/command.js'
import { type ErrorValue, TooLargeError } from '../../actors/errors.js'
import type { ActivityCall, ActivitySource } from '../../actors/logic.js'
import type { Task } from '../../actors/record.js'
import type { AttemptObserver } from '../observe/observer.js'

export interface AttemptOrder {
  readonly token: InvocationToken
  readonly task: Task
  readonly source: ActivitySource
  readonly src: string
  readonly deadlineAt: number
  /** Trace context of the step that started its invocation. */
  readonly trace: string | undefined
}

/** One for all attempts of a runner. */
export interface AttemptSite {
  readonly clock: Clock
  readonly resultBytesMax: number
  /** For whoever watches the actor now. */
  emit(attempt: Attempt, event: ActorEvent): void
  ended(attempt: Attempt, outcome: Outcome): void
  /** It goes on elsewhere. */
  handedOff(attempt: Attempt): void
}

/** The same for every attempt of one invocation, never that of another. */
export function idempotencyKeyOf(token: InvocationToken): string {
  return `${token.actor}:${token.incarnation}.${token.epoch}.${token.task}`
}

const nothing = () => {}

export class Attempt {
  readonly order: AttemptOrder
  readonly idempotencyKey: string
  readonly observer: AttemptObserver | undefined
  readonly #site: AttemptSite
  /** Made when the function asks for its signal: most never do, and it is dear. */
  #abort: AbortController | undefined
  #aborted: Error | undefined
  #cancelDeadline: () => void = nothing
  #heartbeat: unknown
  #cancelHeartbeat: () => void = nothing
  #ended = false

  constructor(order: AttemptOrder, site: AttemptSite, observer: AttemptObserver | undefined) {
    this.order = order
    this.idempotencyKey = idempotencyKeyOf(order.token)
    this.observer = observer
    this.#site = site
  }

  /** Whether it has ended or was cancelled. */
  get isOver(): boolean {
    return this.#ended
  }

  start(now: number): void {
    const { policy } = this.order.source
    const left = this.order.deadlineAt - now
    const attemptMs = Math.min(policy.attemptMs, left)
    this.#cancelDeadline = this.#site.clock.after(attemptMs, () =>
      this.#expire(`no result within ${attemptMs} ms`, left > policy.attemptMs),
    )
    this.#watchHeartbeat()
    this.#running().then(
      output => this.#end(this.#outcomeOf(output)),
      thrown => this.#fail(toErrorValue(thrown), true),
    )
  }

  /** The function's own promise: an async method around it would cost one more, and three turns of the queue. */
  #running(): Promise<unknown> {
    try {
      return Promise.resolve(this.#run())
    } catch (thrown) {
      return Promise.reject(thrown)
    }
  }

  /** Nobody waits for it any more. Its function is told by the signal; what it answers is void. */
  cancel(reason: string): void {
    if (!this.#ended) this.observer?.ended('cancelled')
    this.#finish()
    this.#tell(new Error(reason))
  }

  /** It goes on elsewhere: what its function still does is void, and its signal stays silent. */
  leave(): void {
    if (!this.#ended) this.observer?.ended('cancelled')
    this.#finish()
  }

  #run(): Promise<unknown> {
    const { source } = this.order
    const call = new Call(this)
    return this.observer === undefined ? source.run(call) : this.observer.within(() => source.run(call))
  }

  emit(event: ActorEvent): void {
    if (!this.#ended) this.#site.emit(this, event)
  }

  /** Goes on here until that is committed. */
  handOff(): Promise<never> {
    if (!this.#ended) this.#site.handedOff(this)
    return new Promise(() => {})
  }

  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      this.#abort = new AbortController()
      if (this.#aborted !== undefined) this.#abort.abort(this.#aborted)
    }
    return this.#abort.signal
  }

  #tell(reason: Error): void {
    this.#aborted ??= reason
    this.#abort?.abort(reason)
  }

  beat(details: unknown): void {
    if (this.#ended) return
    if (details !== undefined) this.#heartbeat = this.#stored('the details of a heartbeat', details)
    this.#watchHeartbeat()
  }

  #watchHeartbeat(): void {
    const { heartbeatMs } = this.order.source.policy
    if (heartbeatMs === 0) return
    this.#cancelHeartbeat()
    this.#cancelHeartbeat = this.#site.clock.after(heartbeatMs, () =>
      this.#expire(`no heartbeat within ${heartbeatMs} ms`, true),
    )
  }

  #expire(reason: string, retry: boolean): void {
    this.#fail({ name: 'Timeout', message: `${this.order.src}: ${reason}`, code: 'Timeout' }, retry)
    this.#tell(new Error(reason))
  }

  #fail(error: ErrorValue, retry: boolean): void {
    const heartbeat = this.#heartbeat
    this.#end({ status: 'error', error, retry, ...(heartbeat === undefined ? {} : { heartbeat }) })
  }

  /** The result as it will be read back; one that cannot be, or is too large, no retry mends. */
  #outcomeOf(output: unknown): Outcome {
    try {
      return { status: 'done', output: this.#stored('a result', output) }
    } catch (error) {
      return { status: 'error', error: toErrorValue(error), retry: false }
    }
  }

  #stored(what: string, value: unknown): unknown {
    const { resultBytesMax } = this.#site
    const taken = takePayload(value)
    if (taken.bytes > resultBytesMax)
      throw new TooLargeError(this.order.token.actor, what, taken.bytes, resultBytesMax)
    return taken.value
  }

  #end(outcome: Outcome): void {
    if (this.#ended) return
    this.#finish()
    this.observer?.ended(outcome)
    this.#site.ended(this, outcome)
  }

  #finish(): void {
    this.#ended = true
    this.#cancelHeartbeat()
    this.#cancelDeadline()
    // It stays until its outcome is committed; what it needs no more need not stay with it.
    this.#cancelHeartbeat = nothing
    this.#cancelDeadline = nothing
  }
}

/** What the function is called with. Its signal is made when it is asked for. */
class Call implements ActivityCall {
  /** Its own copy: what the function does to it must reach neither the record nor the next attempt. */
  readonly input: unknown
  declare readonly signal: AbortSignal
  readonly attempt: number
  readonly idempotencyKey: string
  readonly heartbeat: ActivityCall['heartbeat']
  readonly lastHeartbeat?: unknown
  readonly emit: ActivityCall['emit']
  readonly #of: Attempt

  constructor(of: Attempt) {
    const { token, task } = of.order
    this.input = copyKnown(task.input)
    Object.defineProperty(this, 'signal', Call.#signalled)
    this.attempt = token.attempt
    this.idempotencyKey = of.idempotencyKey
    this.heartbeat = details => of.beat(details)
    if (task.heartbeat !== undefined) this.lastHeartbeat = task.heartbeat
    this.emit = event => of.emit(event)
    this.#of = of
  }

  /** Made when it is asked for, as its signal is: most never do. */
  get token(): string {
    return attemptToken(this.#of.order.token)
  }

  get elsewhere(): ActivityCall['elsewhere'] {
    return () => this.#of.handOff()
  }

  /** One for all: a getter that each had to itself would be as dear as the rest of the attempt. */
  static readonly #signalled = {
    get(this: Call): AbortSignal {
      return this.#of.signal
    },
    enumerable: true,
  }
}
