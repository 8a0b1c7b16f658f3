/**
 * The person on call: now and then takes a dead letter and redrives or drops it. One that was settled is gone
 * for good, also after a crash; one that was refused, or whose order was lost with its process, is still there.
 * Now and then quarantines an actor, and releases it again: at the latest when nothing more is ordered.
 */
import { LetterNotFoundError, PerdureError } from '../../actors/errors.js'
import type { EmbeddedRuntime } from '../../runtime/embedded/embedded-runtime.js'
import type { Random } from './random.js'
import type { Owner, Scheduler } from './scheduler.js'

/** What an operator sees of a shard, and orders. */
export type Operated = Pick<EmbeddedRuntime, 'shard' | 'api' | 'service'>

export interface OperatorSite {
  readonly scheduler: Scheduler
  readonly random: Random
  process(): (Owner & { readonly runtime: Operated }) | undefined
  count(what: string): void
  trace(what: string): void
  fail(what: string): void
}

/** Letters at once on the desk. */
const DESK_MAX = 100

export class Operator {
  readonly #site: OperatorSite
  readonly #settled = new Set<string>()
  #isOff = false

  constructor(site: OperatorSite, untilMs: number) {
    this.#site = site
    for (let looks = site.random.between(0, 12); looks > 0; looks--)
      site.scheduler.schedule(site.random.between(0, untilMs * 2), () => this.#look())
    for (let times = site.random.between(0, 4); times > 0; times--)
      site.scheduler.schedule(site.random.between(0, untilMs), () => this.#quarantine())
  }

  /** Nothing more is ordered, but that nobody is left in quarantine. */
  leave(): void {
    this.#isOff = true
    this.#releaseAll()
  }

  #quarantine(): void {
    const { random, scheduler } = this.#site
    const runtime = this.#site.process()?.runtime
    if (runtime === undefined || this.#isOff) return
    const roots = runtime.shard.journal.list({ roots: true, status: 'active', limit: DESK_MAX })
    if (roots.length === 0) return
    const { address } = random.pick(roots)
    this.#rest(runtime.api.quarantine({ address, reason: 'by chance' }), `quarantine ${address}`)
    scheduler.schedule(random.between(0, 3_000), () => this.#release(address))
  }

  /** Until it is told that it has: who waits for an actor that rests waits for a person. */
  #release(address: string): void {
    const { scheduler } = this.#site
    const runtime = this.#site.process()?.runtime
    if (this.#isOff) return
    if (runtime === undefined) return void scheduler.schedule(200, () => this.#release(address))
    const stopWaiting = scheduler.schedule(1_000, () => this.#release(address))
    const released = runtime.api.release({ address })
    released.then(stopWaiting, () => {})
    this.#rest(released, `release ${address}`)
  }

  #releaseAll(): void {
    const runtime = this.#site.process()?.runtime
    const resting = runtime?.shard.journal.list({ roots: true, quarantined: true, limit: DESK_MAX })
    for (const { address } of resting ?? [])
      if (runtime !== undefined) this.#rest(runtime.api.release({ address }), `release ${address}`)
    if (resting?.length !== 0) this.#site.scheduler.schedule(200, () => this.#releaseAll())
  }

  #rest(order: Promise<unknown>, what: string): void {
    const { count, trace, fail } = this.#site
    trace(`operator: ${what}`)
    order.then(
      () => count(`operator ${what.split(' ')[0]}`),
      (error: unknown) => {
        if (!(error instanceof PerdureError)) return fail(`${what}: ${String(error)}`)
        trace(`operator: ${what}: ${error.code}`)
      },
    )
  }

  #look(): void {
    const { random, trace, fail } = this.#site
    const process = this.#site.process()
    if (process === undefined || this.#isOff) return
    const { runtime } = process
    const letters = runtime.shard.journal.deadLetters(undefined, DESK_MAX)
    for (const { id } of letters)
      if (this.#settled.has(id)) fail(`letter ${id} was settled, and is there again`)
    // One that kills its process would do it again, and what the door refused it would let in.
    const harmless = letters.filter(({ command }) => !/^(poison|broken)/.test(command.commandId))
    if (harmless.length === 0) return
    const { id, command } = random.pick(harmless)
    const type = random.chance(0.7) ? 'redrive' : 'drop'
    trace(`operator: ${type} ${id}, ${command.commandId} to ${command.target}`)
    for (let times = random.pick([1, 1, 2]); times > 0; times--) this.#order(runtime, { type, letter: id })
  }

  #order(runtime: Operated, order: { type: 'redrive' | 'drop'; letter: string }): void {
    const { count, trace, fail } = this.#site
    const { letter } = order
    const isGone = (how: string) => {
      trace(`operator: ${letter} ${how}`)
      count(`letter ${how}`)
      this.#settled.add(letter)
    }
    runtime.service.settleLetter(order).then(
      ({ handled }) =>
        isGone(order.type === 'drop' ? 'dropped' : handled ? 'redriven' : 'redriven for nothing'),
      (error: unknown) => {
        if (!(error instanceof PerdureError)) return fail(`${order.type} of ${letter}: ${String(error)}`)
        if (error instanceof LetterNotFoundError) return count('letter gone')
        if (error.code === 'StepFailed') return isGone('redriven in vain')
        trace(`operator: ${letter} ${error.code}`)
        count(`letter refused: ${error.code}`)
      },
    )
  }
}
