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
import type {
  ActorEvent,
  Command,
  InvocationToken,
  OperatorCommand,
  Outcome,
  Whereabouts,
} from '../../actors/command.js'
import type { Limits } from '../../actors/limits.js'
import type { ActivitySource } from '../../actors/logic.js'
import type { Invocation, Task } from '../../actors/record.js'
import { Queue } from '../inbox/queue.js'
import type { Observer } from '../observe/observer.js'
import { taskSource } from '../step/apply-effects.js'
import { carried } from '../step/carried-trace.js'
import type { Owing } from '../step/lost-attempts.js'
import { Attempt, type AttemptOrder, type AttemptSite, idempotencyKeyOf } from './attempt.js'

export interface RunnerSite {
  readonly clock: Clock
  readonly limits: Limits
  /** Hands a command to the inbox; room for it was kept when the attempt began. */
  submit(command: Command): void
  /** The actor as last committed. */
  read(address: Address): Owing | undefined
  live(address: Address, event: ActorEvent): void
  /** Whether invocations' deadlines are in the clock's time. */
  readonly hasDeadlines: boolean
  /** The actor as it owes attempts: those that were lost with earlier processes are counted in. */
  counted(committed: Owing): Owing
  /** Whether whoever runs attempts elsewhere is gone, for all to know. */
  isGone(at: Whereabouts): boolean
  /** Takes the order that what ran elsewhere is gone: it comes after whatever was sent from there. */
  lose(order: Command): void
  /** Whether attempts may begin here now: what is owed by another's shard, that one begins. */
  mayBegin(): boolean
  /** An attempt begins. For those who count. */
  began?(order: AttemptOrder): void
  readonly observer?: Observer
}

/** Of one actor: as a rule one, so they are searched. */
type Attempts = Attempt[]

export class ActivityRunner {
  readonly #site: RunnerSite
  readonly #attemptSite: AttemptSite
  /** Attempts that run, and those that have ended and are still owed by the record. */
  readonly #attempts = new Map<Address, Attempts>()
  readonly #waiting = new Queue<InvocationToken>()
  readonly #queued = new Set<string>()
  /** Orders given about what ran elsewhere: no more than there were attempts when the shard came here. */
  readonly #losing = new Set<string>()
  #runningCount = 0
  #overflowed = false
  #stopping = false
  #idleListener: (() => void) | undefined

  constructor(site: RunnerSite) {
    this.#site = site
    this.#attemptSite = {
      clock: site.clock,
      resultBytesMax: site.limits.payloadBytesMax,
      emit: (attempt, event) => site.live(attempt.order.token.actor, event),
      ended: (attempt, outcome) => this.#ended(attempt, outcome),
      handedOff: ({ order: { token, trace } }) => this.#ask('handOff', token, trace),
    }
  }

  get running(): number {
    return this.#runningCount
  }

  /** Names of the attempts that run now. */
  runningKeys(): string[] {
    return [...this.#attempts.values()].flatMap(attempts =>
      attempts.flatMap(attempt => (attempt.isOver ? [] : [nameOf(attempt.order.token)])),
    )
  }

  /** Attempts waiting for a place. */
  get waiting(): number {
    return this.#waiting.size
  }

  /** Whether what more actors owe would be taken: half the queue is for what is committed meanwhile. */
  get hasRoom(): boolean {
    return this.#waiting.size < this.#site.limits.dispatchQueueMax / 2
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
  reconcile(committed: Owing, now: number): void {
    this.run(this.#site.counted(committed), now)
  }

  /** The same for an actor in whose record lost attempts are counted. */
  run(life: Owing, now: number): void {
    const { address, invocations, quarantine } = life.record
    const attempts = this.#attempts.get(address)
    if (attempts === undefined && invocations.length === 0) return
    if (attempts !== undefined) this.#cancelUnowed(life, attempts)
    // What runs may end, and its result be held; nothing begins.
    if (quarantine === undefined)
      for (const invocation of invocations) this.#dispatch(life, invocation, attempts, now)
    // Those of an actor mostly follow one another: what held the last holds the next.
    if (attempts?.length === 0) this.#attempts.delete(address)
    if (this.#waiting.size > 0) this.#fill()
  }

  #cancelUnowed(life: Owing, attempts: Attempts): void {
    for (let at = attempts.length - 1; at >= 0; at--) {
      const attempt = attempts[at]!
      if (this.#owed(life, attempt.order.token) !== undefined) continue
      attempts.splice(at, 1)
      if (isElsewhere(life, attempt.order.token)) this.#leave(attempt)
      else this.#cancel(attempt)
    }
  }

  #dispatch(life: Owing, invocation: Invocation, attempts: Attempts | undefined, now: number): void {
    const { address: actor, incarnation } = life.record
    const source = this.#activityOf(life, invocation)
    if (source === undefined) return
    const { id, epoch, trace, tasks } = invocation
    for (let index = 0; index < tasks.length; index++) {
      const task = tasks[index]!
      if (task.state !== 'ready' && task.state !== 'started') continue
      if (task.away !== undefined) {
        if (!this.#stopping && this.#site.isGone(task.away)) this.#lose(actor, task.away)
        continue
      }
      const token: InvocationToken = { actor, incarnation, id, epoch, task: index, attempt: task.attempt }
      if (task.state === 'ready' && source.policy.once) this.#ask('attempt', token, trace)
      else if (attempts === undefined || !attempts.some(({ order }) => isSame(order.token, token)))
        this.#enqueue(invocation, task, source, token, now)
    }
  }

  /** What attempts run for; undefined for anything else. */
  #activityOf(life: Owing, invocation: Invocation): ActivitySource | undefined {
    const of = taskSource(life.binding.logic.source(invocation.src))
    return of?.kind === 'activity' ? of : undefined
  }

  /** The task an attempt runs for, if the record owes that very attempt. */
  #owed(life: Owing, token: InvocationToken): Task | undefined {
    if (life.record.incarnation !== token.incarnation) return undefined
    const invocation = life.record.invocations.find(one => one.epoch === token.epoch)
    const task = invocation?.tasks[token.task]
    if (invocation === undefined || task === undefined || !isDispatchable(task, token)) return undefined
    const source = this.#activityOf(life, invocation)
    return source === undefined || (task.state === 'ready' && source.policy.once) ? undefined : task
  }

  /** Asks for the commit that counts what ran there. */
  #lose(target: Address, at: Whereabouts): void {
    const order = goneFrom(target, at)
    if (this.#losing.has(order.commandId)) return
    this.#losing.add(order.commandId)
    this.#site.lose(order)
  }

  /** Asks for the commit that says an attempt begins, or goes on elsewhere. */
  #ask(type: 'attempt' | 'handOff', token: InvocationToken, trace: string | undefined): void {
    if (this.#stopping && type === 'attempt') return
    const what = type === 'attempt' ? 'begin' : 'handOff'
    this.#site.submit({
      kind: 'operator',
      commandId: `${idempotencyKeyOf(token)}.${what}.${token.attempt}`,
      sender: token.actor,
      target: token.actor,
      ...carried(trace),
      order: { type, token },
    })
  }

  /** Starts it where there is a place and nobody waits for one; else it waits. */
  #enqueue(
    invocation: Invocation,
    task: Task,
    source: ActivitySource,
    token: InvocationToken,
    now: number,
  ): void {
    // What is committed as begun is begun: whoever comes after would have to count it as lost.
    if (this.#stopping && task.state !== 'started') return
    if (this.#waiting.size === 0 && this.#hasPlace)
      return this.#startInTime(this.#order(invocation, task, source, token), now)
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
      const committed = this.#site.read(token.actor)
      this.#startOwed(committed && this.#site.counted(committed), token)
    }
  }

  /** The attempt as the record has it now: it may have been stopped while it waited. */
  #startOwed(life: Owing | undefined, token: InvocationToken): void {
    if (life === undefined || life.record.incarnation !== token.incarnation) return
    if (life.record.quarantine !== undefined) return
    const invocation = life.record.invocations.find(one => one.epoch === token.epoch)
    const task = invocation?.tasks[token.task]
    if (invocation === undefined || task === undefined || !isDispatchable(task, token)) return
    const source = taskSource(life.binding.logic.source(invocation.src))
    if (source?.kind !== 'activity') return
    this.#startInTime(this.#order(invocation, task, source, token), this.#site.clock.now())
  }

  #order(invocation: Invocation, task: Task, source: ActivitySource, token: InvocationToken): AttemptOrder {
    const { src, trace } = invocation
    const deadlineAt = this.#site.hasDeadlines ? invocation.deadlineAt : Number.POSITIVE_INFINITY
    return { token, task, source, src, deadlineAt, trace }
  }

  #startInTime(order: AttemptOrder, now: number): void {
    if (!this.#site.mayBegin()) return
    if (now < order.deadlineAt) this.#start(order, now)
    else this.#submit(order.token, idempotencyKeyOf(order.token), TOO_LATE, order.trace)
  }

  #start(order: AttemptOrder, now: number): void {
    const { actor } = order.token
    const attempt = new Attempt(order, this.#attemptSite, this.#site.observer?.attempt(order))
    const attempts = this.#attempts.get(actor)
    if (attempts === undefined) this.#attempts.set(actor, [attempt])
    else attempts.push(attempt)
    this.#runningCount++
    this.#site.began?.(order)
    attempt.start(now)
  }

  #ended(attempt: Attempt, outcome: Outcome): void {
    this.#submit(attempt.order.token, attempt.idempotencyKey, outcome, attempt.observer?.trace)
    this.#makeRoom()
    this.#fill()
  }

  #submit(token: InvocationToken, key: string, outcome: Outcome, trace: string | undefined): void {
    this.#site.submit({
      kind: 'result',
      commandId: `${key}.${token.attempt}`,
      sender: token.actor,
      target: token.actor,
      ...carried(trace),
      token,
      outcome,
    })
  }

  #cancel(attempt: Attempt): void {
    if (attempt.isOver) return
    attempt.cancel('nobody waits for this activity any more')
    this.#makeRoom()
  }

  /** It goes on elsewhere: nobody is told to stop. */
  #leave(attempt: Attempt): void {
    if (attempt.isOver) return
    attempt.leave()
    this.#makeRoom()
  }

  #makeRoom(): void {
    this.#runningCount--
    if (this.#runningCount === 0) this.#idleListener?.()
  }

  /** Begins nothing more that is not committed as begun. */
  close(): void {
    this.#stopping = true
  }

  /** Orders that what runs goes on there, and what waits for a place does not. Closed by then. */
  leaving(at: Whereabouts): readonly Command[] {
    const running = new Map<Address, InvocationToken[]>()
    for (const { actor } of this.#waiting.toArray()) running.set(actor, [])
    for (const [actor, attempts] of this.#attempts)
      running.set(
        actor,
        attempts.flatMap(({ isOver, order }) => (isOver ? [] : [order.token])),
      )
    return [...running].map(([target, tokens]) => ({
      kind: 'operator',
      commandId: `${target}.away.${at.member}.${at.life}`,
      sender: target,
      target,
      order: { type: 'away', at, running: tokens },
    }))
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
    for (const attempts of this.#attempts.values()) for (const attempt of attempts) attempt.cancel(reason)
    this.#attempts.clear()
    this.#runningCount = 0
    this.#idleListener?.()
  }
}

/** The order that what of an actor is away there has ended, and nobody knows how. */
export function goneFrom(target: Address, at: Whereabouts): OperatorCommand {
  const commandId = `${target}.gone.${at.member}.${at.life}`
  return { kind: 'operator', commandId, sender: target, target, order: { type: 'gone', at } }
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

function isElsewhere({ record }: Owing, { epoch, task, attempt }: InvocationToken): boolean {
  const found = record.invocations.find(one => one.epoch === epoch)?.tasks[task]
  return found?.state === 'elsewhere' && found.attempt === attempt
}

/** Whether two tokens of one actor name the same attempt. */
function isSame(one: InvocationToken, other: InvocationToken): boolean {
  return (
    one.epoch === other.epoch &&
    one.task === other.task &&
    one.attempt === other.attempt &&
    one.incarnation === other.incarnation
  )
}

/** Names it among all. */
function nameOf({ actor, incarnation, epoch, task, attempt }: InvocationToken): string {
  return `${actor}:${incarnation}.${epoch}.${task}.${attempt}`
}
