/**
 * One attempt of an activity, while it runs: its deadline, its heartbeat, its cancellation, and the outcome
 * in the form in which it is recorded. Ends exactly once, whatever the user's function does.
 */
import type { Clock } from '../../actors/clock.js'
import { normalise, takePayload, toErrorValue } from '../../actors/codec.js'
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

export interface AttemptSite {
  readonly clock: Clock
  readonly resultBytesMax: number
  /** For whoever watches the actor now. */
  emit(event: ActorEvent): void
  ended(outcome: Outcome): void
  readonly observer: AttemptObserver | undefined
}

/** The same for every attempt of one invocation, never that of another. */
export function idempotencyKeyOf(token: InvocationToken): string {
  return `${token.actor}:${token.incarnation}.${token.epoch}.${token.task}`
}

const nothing = () => {}

export class Attempt {
  readonly order: AttemptOrder
  readonly #site: AttemptSite
  /** Made when the function asks for its signal: most never do, and it is dear. */
  #abort: AbortController | undefined
  #aborted: Error | undefined
  #cancelDeadline: () => void = nothing
  #heartbeat: unknown
  #cancelHeartbeat: () => void = nothing
  #ended = false

  constructor(order: AttemptOrder, site: AttemptSite) {
    this.order = order
    this.#site = site
  }

  /** Whether it has ended or was cancelled. */
  get isOver(): boolean {
    return this.#ended
  }

  start(): void {
    const { policy } = this.order.source
    const { clock } = this.#site
    const left = this.order.deadlineAt - clock.now()
    const attemptMs = Math.min(policy.attemptMs, left)
    const last = left <= policy.attemptMs
    this.#cancelDeadline = clock.after(attemptMs, () =>
      this.#expire(`no result within ${attemptMs} ms`, !last),
    )
    this.#watchHeartbeat()
    this.#run().then(
      output => this.#end(this.#outcomeOf(output)),
      thrown => this.#fail(toErrorValue(thrown), true),
    )
  }

  /** Nobody waits for it any more. Its function is told by the signal; what it answers is void. */
  cancel(reason: string): void {
    if (!this.#ended) this.#site.observer?.ended('cancelled')
    this.#finish()
    this.#tell(new Error(reason))
  }

  async #run(): Promise<unknown> {
    const { source } = this.order
    const { observer } = this.#site
    const call = new Call(this.order, {
      signal: () => this.#signal,
      heartbeat: details => this.#beat(details),
      emit: event => {
        if (!this.#ended) this.#site.emit(event)
      },
    })
    return observer === undefined ? source.run(call) : observer.within(() => source.run(call))
  }

  get #signal(): AbortSignal {
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

  #beat(details: unknown): void {
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
    this.#site.observer?.ended(outcome)
    this.#site.ended(outcome)
  }

  #finish(): void {
    this.#ended = true
    this.#cancelHeartbeat()
    this.#cancelDeadline()
  }
}

interface Line {
  signal(): AbortSignal
  heartbeat(details?: unknown): void
  emit(event: ActorEvent): void
}

/** What the function is called with. Its signal is made when it is asked for. */
class Call implements ActivityCall {
  /** Its own copy: what the function does to it must reach neither the record nor the next attempt. */
  readonly input: unknown
  declare readonly signal: AbortSignal
  readonly attempt: number
  readonly idempotencyKey: string
  readonly heartbeat: Line['heartbeat']
  readonly lastHeartbeat?: unknown
  readonly emit: Line['emit']
  readonly #signal: () => AbortSignal

  constructor({ token, task }: AttemptOrder, { signal, heartbeat, emit }: Line) {
    this.input = normalise(task.input)
    Object.defineProperty(this, 'signal', Call.#signalled)
    this.attempt = token.attempt
    this.idempotencyKey = idempotencyKeyOf(token)
    this.heartbeat = heartbeat
    if (task.heartbeat !== undefined) this.lastHeartbeat = task.heartbeat
    this.emit = emit
    this.#signal = signal
  }

  /** One for all: a getter that each had to itself would be as dear as the rest of the attempt. */
  static readonly #signalled = {
    get(this: Call): AbortSignal {
      return this.#signal()
    },
    enumerable: true,
  }
}
