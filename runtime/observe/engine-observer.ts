/**
 * What looks at the engine for those who want to know: counts for metrics, spans for traces, either or both.
 */
import type { Span } from '@opentelemetry/api'
import type { Clock } from '../../actors/clock.js'
import type { Command, Outcome } from '../../actors/command.js'
import type { Commit } from '../../actors/commit.js'
import type { AttemptOrder } from '../dispatch/attempt.js'
import type { Application } from '../step/application.js'
import { carrying } from '../step/carried-trace.js'
import type { Life } from '../step/life.js'
import type { Difference } from '../verify.js'
import type { EngineMetrics } from './metrics/engine-metrics.js'
import { StepCounts } from './metrics/step-counts.js'
import type { AttemptObserver, BatchObserver, Observer } from './observer.js'
import type { Traced, Tracing } from './tracing/tracing.js'

export interface ObserverSite {
  readonly clock: Clock
  readonly metrics: EngineMetrics | undefined
  readonly tracing: Tracing | undefined
}

export class EngineObserver implements Observer {
  readonly #site: ObserverSite

  constructor(site: ObserverSite) {
    this.#site = site
  }

  batch(): BatchObserver {
    return new ObservedBatch(this.#site)
  }

  attempt(order: AttemptOrder): AttemptObserver {
    return new ObservedAttempt(order, this.#site)
  }

  verified(entries: number, difference: Difference | undefined): void {
    this.#site.metrics?.verified(entries, difference?.actor)
  }
}

class ObservedBatch implements BatchObserver {
  readonly #site: ObserverSite
  readonly #counts = new StepCounts()
  readonly #spans = new Map<Command, Span>()
  #resumedAt: number
  #steppedMs = 0
  #departedAt = 0

  constructor(site: ObserverSite) {
    this.#site = site
    this.#resumedAt = site.clock.elapsed()
  }

  stepping(command: Command, before: Life | undefined): Command {
    if (this.#site.metrics !== undefined) this.#counts.noteTimer(command, before)
    const { tracing } = this.#site
    if (tracing === undefined) return command
    const traced = tracing.step(command, before)
    if (traced === undefined) return command
    const carried = carrying(command, traced.carried)
    this.#spans.set(carried, traced.span)
    return carried
  }

  stepped(command: Command, application: Application): void {
    const { metrics, tracing } = this.#site
    if (metrics !== undefined) this.#counts.note(command, application)
    const span = this.#spans.get(command)
    if (span === undefined) return
    // The engine asked for what was done meanwhile: no step. A late result is worth telling: work was done for it.
    if (application.kind === 'dropped' && command.kind !== 'result') this.#spans.delete(command)
    else tracing?.note(span, application)
  }

  resumed(): void {
    this.#resumedAt = this.#site.clock.elapsed()
  }

  paused(): void {
    this.#steppedMs += this.#site.clock.elapsed() - this.#resumedAt
  }

  committing(): void {
    this.#departedAt = this.#site.clock.elapsed()
  }

  committed(commit: Commit | undefined, bytes: number): void {
    for (const span of this.#spans.values()) this.#site.tracing?.end(span)
    this.#site.metrics?.committed({
      commit,
      counts: this.#counts,
      bytes,
      stepMs: this.#steppedMs,
      commitMs: this.#site.clock.elapsed() - this.#departedAt,
    })
  }

  lost(reason: string): void {
    for (const span of this.#spans.values()) this.#site.tracing?.endLost(span, reason)
  }
}

class ObservedAttempt implements AttemptObserver {
  readonly #order: AttemptOrder
  readonly #site: ObserverSite
  readonly #traced: Traced | undefined
  readonly #beganAt: number

  constructor(order: AttemptOrder, site: ObserverSite) {
    this.#order = order
    this.#site = site
    this.#traced = site.tracing?.attempt(order)
    this.#beganAt = site.clock.elapsed()
  }

  get trace(): string | undefined {
    return this.#traced?.carried
  }

  within<Result>(call: () => Result): Result {
    const { tracing } = this.#site
    return tracing === undefined ? call() : tracing.within(this.#traced?.span, call)
  }

  ended(outcome: Outcome | 'cancelled'): void {
    const { tracing, metrics, clock } = this.#site
    if (this.#traced !== undefined) tracing?.endAttempt(this.#traced.span, outcome)
    metrics?.attemptEnded(this.#order, outcome, clock.elapsed() - this.#beganAt)
  }
}
