/**
 * Runs the attempts that committed records owe. What should run is read off an actor's record each time one
 * is committed; what runs and should not is cancelled. Bounded: what finds no place waits in a queue, and
 * past that in the records themselves.
 *
 * Owns no truth: drop it and make it again, and the records say what to do. Invariant: an attempt whose
 * outcome is not committed yet is not begun again, though its record still owes it.
 */
import type { Address } from '../../actors/address.js'
import type { Clock } from '../../actors/clock.js'
import type { ActorEvent, Command, InvocationToken, Outcome } from '../../actors/command.js'
import type { Limits } from '../../actors/limits.js'
import type { ActivityPolicy } from '../../actors/logic.js'
import type { Invocation, Task } from '../../actors/record.js'
import { Queue } from '../inbox/queue.js'
import type { Observer } from '../observe/observer.js'
import { taskSource } from '../step/apply-effects.js'
import { carried } from '../step/carried-trace.js'
import type { Life } from '../step/life.js'
import { Attempt, type AttemptOrder, idempotencyKeyOf } from './attempt.js'

export interface RunnerSite {
  readonly clock: Clock
  readonly limits: Limits
  /** Hands a command to the inbox; room for it was kept when the attempt began. */
  submit(command: Command): void
  /** The actor as last committed. */
  read(address: Address): Life | undefined
  live(address: Address, event: ActorEvent): void
  /** Whether invocations' deadlines are in the clock's time. */
  readonly hasDeadlines: boolean
  /** Whether an invocation's attempts are of an earlier process, and not recovered yet. */
  isLost(invocation: Invocation): boolean
  /** Whether attempts may begin here now: what is owed by another's shard, that one begins. */
  mayBegin(): boolean
  /** An attempt begins. For those who count. */
  began?(order: AttemptOrder): void
  readonly observer?: Observer
}

/** Of one actor. */
type Attempts = Map<string, Attempt>

export class ActivityRunner {
  readonly #site: RunnerSite
  /** Attempts that run, and those that have ended and are still owed by the record. */
  readonly #attempts = new Map<Address, Attempts>()
  readonly #waiting = new Queue<InvocationToken>()
  readonly #queued = new Set<string>()
  #runningCount = 0
  #overflowed = false
  #stopping = false
  #idleListener: (() => void) | undefined

  constructor(site: RunnerSite) {
    this.#site = site
  }

  get running(): number {
    return this.#runningCount
  }

  /** Names of the attempts that run now. */
  runningKeys(): string[] {
    return [...this.#attempts.values()].flatMap(attempts =>
      [...attempts.values()].flatMap(attempt => (attempt.isOver ? [] : [nameOf(attempt.order.token)])),
    )
  }

  /** Attempts waiting for a place. */
  get waiting(): number {
    return this.#waiting.size
  }

  /** Whether records hold more to dispatch, and the queue has room for it. */
  get wantsMore(): boolean {
    return this.#overflowed && !this.#stopping && this.#waiting.size === 0
  }

  /** The same; asking clears it. */
  takeOverflow(): boolean {
    const wanted = this.wantsMore
    if (wanted) this.#overflowed = false
    return wanted
  }

  /** Makes what runs for an actor what its committed record says. */
  reconcile(life: Life): void {
    const { address, invocations } = life.record
    const attempts = this.#attempts.get(address)
    if (attempts === undefined && invocations.length === 0) return
    if (attempts !== undefined)
      for (const [key, attempt] of attempts)
        if (this.#owed(life, attempt.order.token) === undefined) this.#cancel(attempts, key, attempt)
    for (const invocation of invocations) this.#dispatch(life, invocation, attempts)
    // Those of an actor mostly follow one another: what held the last holds the next.
    if (attempts?.size === 0) this.#attempts.delete(address)
    this.#fill()
  }

  #dispatch(life: Life, invocation: Invocation, attempts: Attempts | undefined): void {
    const { address: actor, incarnation } = life.record
    const { id, epoch, trace, tasks } = invocation
    const policy = this.#policyOf(life, invocation)
    if (policy === undefined) return
    for (const [index, task] of tasks.entries()) {
      if (task.state !== 'ready' && task.state !== 'started') continue
      const token: InvocationToken = { actor, incarnation, id, epoch, task: index, attempt: task.attempt }
      if (task.state === 'ready' && policy.once) this.#begin(token, trace)
      else if (attempts === undefined || attempts.size === 0 || !attempts.has(keyOf(token)))
        this.#enqueue(life, token)
    }
  }

  /** The policy of what attempts of this process run for; undefined for anything else. */
  #policyOf(life: Life, invocation: Invocation): ActivityPolicy | undefined {
    const of = taskSource(life.binding.logic.source(invocation.src))
    return of?.kind === 'activity' && !this.#site.isLost(invocation) ? of.policy : undefined
  }

  /** The task an attempt runs for, if the record owes that very attempt. */
  #owed(life: Life, token: InvocationToken): Task | undefined {
    if (life.record.incarnation !== token.incarnation) return undefined
    const invocation = life.record.invocations.find(one => one.epoch === token.epoch)
    const task = invocation?.tasks[token.task]
    if (invocation === undefined || task === undefined || !isDispatchable(task, token)) return undefined
    const policy = this.#policyOf(life, invocation)
    return policy === undefined || (task.state === 'ready' && policy.once) ? undefined : task
  }

  /** Asks for the commit that says an attempt begins. */
  #begin(token: InvocationToken, trace: string | undefined): void {
    this.#site.submit({
      kind: 'operator',
      commandId: `${idempotencyKeyOf(token)}.begin.${token.attempt}`,
      sender: token.actor,
      target: token.actor,
      ...carried(trace),
      order: { type: 'attempt', token },
    })
  }

  /** Starts it where there is a place and nobody waits for one; else it waits. */
  #enqueue(life: Life, token: InvocationToken): void {
    if (this.#stopping) return
    if (this.#waiting.size === 0 && this.#hasPlace) return this.#startOwed(life, token)
    const name = nameOf(token)
    if (this.#queued.has(name)) return
    if (this.#waiting.size >= this.#site.limits.dispatchQueueMax) {
      this.#overflowed = true
      return
    }
    this.#queued.add(name)
    this.#waiting.push(token)
  }

  get #hasPlace(): boolean {
    return this.#runningCount < this.#site.limits.activitiesRunningMax
  }

  #fill(): void {
    while (!this.#stopping && this.#hasPlace) {
      const token = this.#waiting.shift()
      if (token === undefined) return
      this.#queued.delete(nameOf(token))
      this.#startOwed(this.#site.read(token.actor), token)
    }
  }

  #startOwed(life: Life | undefined, token: InvocationToken): void {
    const order = life && this.#orderFor(life, token)
    if (order === undefined || !this.#site.mayBegin()) return
    if (this.#site.clock.now() < order.deadlineAt) this.#start(order)
    else this.#submit(token, TOO_LATE, order.trace)
  }

  /** The attempt as the record has it now: it may have been stopped while it waited. */
  #orderFor(life: Life, token: InvocationToken): AttemptOrder | undefined {
    if (life.record.incarnation !== token.incarnation) return undefined
    const invocation = life.record.invocations.find(one => one.epoch === token.epoch)
    const task = invocation?.tasks[token.task]
    if (invocation === undefined || task === undefined || !isDispatchable(task, token)) return undefined
    const source = taskSource(life.binding.logic.source(invocation.src))
    if (source?.kind !== 'activity') return undefined
    const deadlineAt = this.#site.hasDeadlines ? invocation.deadlineAt : Number.POSITIVE_INFINITY
    return { token, task, source, src: invocation.src, deadlineAt, trace: invocation.trace }
  }

  #start(order: AttemptOrder): void {
    const { token } = order
    const { actor } = token
    const key = keyOf(token)
    const observer = this.#site.observer?.attempt(order)
    const attempt = new Attempt(order, {
      clock: this.#site.clock,
      resultBytesMax: this.#site.limits.payloadBytesMax,
      emit: event => this.#site.live(actor, event),
      ended: outcome => this.#ended(token, outcome, observer?.trace),
      observer,
    })
    let attempts = this.#attempts.get(actor)
    if (attempts === undefined) {
      attempts = new Map()
      this.#attempts.set(actor, attempts)
    }
    attempts.set(key, attempt)
    this.#runningCount++
    this.#site.began?.(order)
    attempt.start()
  }

  #ended(token: InvocationToken, outcome: Outcome, trace: string | undefined): void {
    this.#submit(token, outcome, trace)
    this.#makeRoom()
    this.#fill()
  }

  #submit(token: InvocationToken, outcome: Outcome, trace: string | undefined): void {
    this.#site.submit({
      kind: 'result',
      commandId: `${idempotencyKeyOf(token)}.${token.attempt}`,
      sender: token.actor,
      target: token.actor,
      ...carried(trace),
      token,
      outcome,
    })
  }

  #cancel(attempts: Attempts, key: string, attempt: Attempt): void {
    attempts.delete(key)
    if (attempt.isOver) return
    attempt.cancel('nobody waits for this activity any more')
    this.#makeRoom()
  }

  #makeRoom(): void {
    this.#runningCount--
    if (this.#runningCount === 0) this.#idleListener?.()
  }

  /** Begins nothing more; resolves when what runs has ended. */
  drain(): Promise<void> {
    this.#stopping = true
    if (this.#runningCount === 0) return Promise.resolve()
    return new Promise(resolve => {
      this.#idleListener = resolve
    })
  }

  /** Cancels whatever runs. */
  abort(reason: string): void {
    this.#stopping = true
    for (const attempts of this.#attempts.values())
      for (const attempt of attempts.values()) attempt.cancel(reason)
    this.#attempts.clear()
    this.#runningCount = 0
    this.#idleListener?.()
  }
}

const TOO_LATE: Outcome = {
  status: 'error',
  error: {
    name: 'Timeout',
    message: 'its overall deadline passed before the attempt could begin',
    code: 'Timeout',
  },
  retry: false,
}

function isDispatchable(task: Task, token: InvocationToken): boolean {
  return task.attempt === token.attempt && (task.state === 'ready' || task.state === 'started')
}

/** Names an attempt among those of its actor. */
function keyOf({ incarnation, epoch, task, attempt }: InvocationToken): string {
  return `${incarnation}.${epoch}.${task}.${attempt}`
}

/** Names it among all. */
function nameOf(token: InvocationToken): string {
  return `${token.actor}:${keyOf(token)}`
}
