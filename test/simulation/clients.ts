/**
 * The clients: they give each order, and again with the same id when they heard nothing; now and then they
 * repeat one that was answered, or use its id for something else. Each remembers what it was answered.
 */
import type { AnyActorLogic } from 'xstate'
import { PerdureError } from '../../actors/errors.js'
import type { ActorHandle, Runtime } from '../../runtime/client/types.js'
import type { Definitions } from './definitions.js'
import { type Order, ordersFor } from './orders.js'
import type { Plan } from './plan.js'
import type { Random } from './random.js'
import type { Owner, Scheduler } from './scheduler.js'

/** What a client learned of one giving of an order. */
export interface Answer {
  readonly sentStep: number
  readonly step: number
  readonly process: object
  readonly position: number
  readonly duplicate: boolean
  readonly created?: boolean
  /** The state after it, when asked for. */
  readonly seen?: Seen
}

export interface Seen {
  readonly seq: number
  readonly value: unknown
  readonly context: unknown
  readonly status: string
}

export interface Given {
  readonly order: Order
  readonly address: string
  readonly answers: Answer[]
  /** The code it was refused with, for good. */
  refused?: string
  /** Nobody will give it again. */
  abandoned: boolean
  /** Other payloads that were tried under its id. */
  conflicts: number
  /** Nobody waits for the answer. */
  readonly isUnheard?: boolean
}

interface ClientProcess extends Owner {
  readonly runtime: Runtime
}

export interface ClientSite {
  readonly scheduler: Scheduler
  readonly random: Random
  readonly definitions: Definitions
  process(): ClientProcess | undefined
  /** An answer came: whatever it says must be durable. */
  answered(given: Given, answer: Answer): void
  trace(what: string): void
  fail(what: string): void
}

/** What may be tried again with the same id. */
export const AGAIN: ReadonlySet<string> = new Set(['Unavailable', 'Overloaded', 'Timeout'])
/** What an order may be refused with, by what it is. */
export const REFUSALS: ReadonlySet<string> = new Set(['NotFound', 'NotHandled', 'StepFailed'])

export class Clients {
  readonly given: Given[]
  readonly #site: ClientSite
  /** From now on nothing is abandoned or repeated. */
  patient = false

  constructor(site: ClientSite, plan: Plan) {
    this.#site = site
    this.given = ordersFor(site.random, plan.orders, plan.poisonous).map(order => ({
      order,
      address: `${order.wish.to}/${order.key}`,
      answers: [],
      abandoned: false,
      conflicts: 0,
    }))
    for (const [at, one] of this.given.entries()) {
      const delayMs = at < 3 ? site.random.between(0, 100) : site.random.between(0, plan.busyMs)
      site.scheduler.schedule(delayMs, () => this.#give(one))
    }
  }

  /** Orders nobody has an end of yet. */
  get open(): readonly Given[] {
    return this.given.filter(one => one.answers.length === 0 && one.refused === undefined && !one.abandoned)
  }

  #later(one: Given): void {
    const { scheduler, random } = this.#site
    if (!this.patient && random.chance(0.1)) {
      one.abandoned = true
      return
    }
    scheduler.schedule(random.between(1, 400), () => this.#give(one))
  }

  #give(one: Given): void {
    const { scheduler, trace } = this.#site
    const process = this.#site.process()
    if (process === undefined) {
      scheduler.schedule(this.#site.random.between(100, 2_000), () => this.#give(one))
      return
    }
    const sentStep = scheduler.steps
    trace(`client: ${one.order.id} to ${one.address} ${JSON.stringify(one.order.wish)}`)
    let isGivenUp = false
    // Who hears nothing for long asks again: a process that died never answers.
    const stopWaiting = scheduler.schedule(this.#site.random.between(500, 8_000), () => {
      isGivenUp = true
      this.#later(one)
    })
    give(process.runtime, this.#site.definitions, one.order).then(
      result => {
        stopWaiting()
        this.#answered(one, { ...result, sentStep, step: scheduler.steps, process })
      },
      (error: unknown) => {
        stopWaiting()
        if (!isGivenUp) this.#failed(one, error)
      },
    )
  }

  #answered(one: Given, answer: Answer): void {
    const { random, scheduler, trace } = this.#site
    trace(`client: ${one.order.id} at ${answer.position}${answer.duplicate ? ' again' : ''}`)
    one.answers.push(answer)
    this.#site.answered(one, answer)
    if (this.patient || one.answers.length > 3) return
    if (random.chance(0.15)) scheduler.schedule(random.between(0, 2_000), () => this.#give(one))
    if (random.chance(0.05)) scheduler.schedule(random.between(0, 500), () => this.#misuse(one))
  }

  #failed(one: Given, error: unknown): void {
    const { trace, fail } = this.#site
    if (!(error instanceof PerdureError)) return fail(`${one.order.id}: ${String(error)}`)
    trace(`client: ${one.order.id}: ${error.code}`)
    if (AGAIN.has(error.code)) {
      if (one.answers.length === 0) this.#later(one)
    } else if (one.answers.length > 0 || !REFUSALS.has(error.code))
      fail(`${one.order.id} to ${one.address} was answered before and is now refused: ${error.message}`)
    else one.refused = error.code
  }

  /** The same id for something else, or an event that nobody may send. */
  #misuse(one: Given): void {
    const { definitions, random, fail, trace } = this.#site
    const process = this.#site.process()
    if (process === undefined || one.answers.at(-1)?.duplicate === undefined) return
    if (one.answers[0]?.created === false) return
    const handle = handleOf(process.runtime, definitions, one.order) as ActorHandle<AnyActorLogic, unknown>
    const reserved = random.chance(0.3)
    const event = reserved ? { type: 'xstate.init' } : { type: 'DANCE', instead: one.conflicts++ }
    const expected = reserved ? 'InvalidEvent' : 'IdConflict'
    trace(`client: misuses ${one.order.id}, expects ${expected}`)
    handle.send(event as never, { id: one.order.id }).then(
      () => fail(`${one.order.id}: ${JSON.stringify(event)} under its id was taken, expected ${expected}`),
      (error: { code?: string }) => {
        if (error.code !== expected && !AGAIN.has(String(error.code)))
          fail(`${one.order.id}: misuse ended in ${error.code}, expected ${expected}`)
      },
    )
  }
}

type Result = Pick<Answer, 'position' | 'duplicate' | 'created' | 'seen'>

async function give(runtime: Runtime, definitions: Definitions, order: Order): Promise<Result> {
  const { id, wish, asks } = order
  // One order has many types; the wish says which, and the definitions fit it.
  const handle = handleOf(runtime, definitions, order) as ActorHandle<AnyActorLogic, unknown>
  if ('start' in wish) {
    const started = await handle.start(wish.start as never, { id })
    const { position, duplicate, created } = started
    return { position, duplicate, created, seen: seenOf(started.snapshot) }
  }
  const delay = 'delayMs' in wish && wish.delayMs !== undefined ? { delayMs: wish.delayMs } : {}
  if (!asks || 'delayMs' in delay) {
    const { position, duplicate } = await handle.send(wish.event as never, { id, ...delay })
    return { position, duplicate }
  }
  const { position, duplicate, snapshot } = await handle.ask(wish.event as never, { id })
  return { position, duplicate, seen: seenOf(snapshot) }
}

function handleOf(runtime: Runtime, definitions: Definitions, { wish, key }: Order): unknown {
  return runtime.actor(definitions[wish.to] as never, key)
}

function seenOf(snapshot: unknown): Seen {
  const { seq, value, context, status } = snapshot as Seen
  return { seq, value, context, status }
}
