/**
 * The engine's numbers as Prometheus metrics, in a registry of the runtime's own.
 *
 * What happens is counted when it is durable; what is (queues, caches, the journal) is read when someone
 * scrapes. Labels are names of definitions and of what they invoke, never keys: their number is bounded.
 */
import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { Address } from '../../../actors/address.js'
import type { Outcome } from '../../../actors/command.js'
import type { Commit } from '../../../actors/commit.js'
import type { AttemptOrder } from '../../dispatch/attempt.js'
import type { Load } from '../load.js'
import { processMetrics } from './process-metrics.js'
import { type StepCounts, typeOf } from './step-counts.js'

export interface CommittedBatch {
  /** Undefined when nothing had to be made durable. */
  readonly commit: Commit | undefined
  readonly counts: StepCounts
  readonly bytes: number
  readonly stepMs: number
  readonly commitMs: number
}

/** What a type is called that no definition has: whoever sends to it could name any. */
const UNKNOWN = '(unknown)'
const SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5]
const LONG_SECONDS = [0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60, 300, 3600]

export class EngineMetrics {
  readonly #registry = new Registry()
  readonly #types: ReadonlySet<string>
  readonly #counters = countersIn(this.#registry)
  readonly #histograms = histogramsIn(this.#registry)
  readonly #gauges = gaugesIn(this.#registry)

  /** @param types those there are definitions of */
  constructor(types: Iterable<string>) {
    this.#types = new Set(types)
  }

  committed({ commit, counts, bytes, stepMs, commitMs }: CommittedBatch): void {
    const { commands, deadLetters } = this.#counters
    for (const { type, kind, outcome, count } of counts.commands)
      commands.inc({ type: this.#label(type), kind, outcome }, count)
    for (const lateMs of counts.lateMs) this.#histograms.timerLate.observe(lateMs / 1000)
    if (commit === undefined) return
    this.#histograms.step.observe(stepMs / 1000)
    this.#histograms.commit.observe(commitMs / 1000)
    this.#histograms.batchCommands.observe(counts.total)
    this.#histograms.batchBytes.observe(bytes)
    for (const { command } of commit.deadLetters)
      deadLetters.inc({ type: this.#label(typeOf(command.target)) })
  }

  attemptEnded({ token, src }: AttemptOrder, outcome: Outcome | 'cancelled', ms: number): void {
    const type = this.#label(typeOf(token.actor))
    this.#counters.attempts.inc({ type, src, outcome: nameOf(outcome) })
    this.#histograms.attemptNumber.observe({ type, src }, token.attempt)
    this.#histograms.attempt.observe({ type, src }, ms / 1000)
  }

  /** @param differing the actor that was found to differ. */
  verified(entries: number, differing: Address | undefined): void {
    this.#counters.verifiedEntries.inc(entries)
    if (differing !== undefined) this.#counters.differences.inc({ type: this.#label(typeOf(differing)) })
  }

  /** All of it in Prometheus' text format, the process's own metrics too. */
  async text(load: Load): Promise<string> {
    for (const [name, value] of Object.entries(levelsOf(load))) this.#gauges[name as Level].set(value)
    const { cacheHits, cacheMisses, inboxRefused } = this.#counters
    for (const [counter, value] of [
      [cacheHits, load.cacheHits],
      [cacheMisses, load.cacheMisses],
      [inboxRefused, load.inboxRefused],
    ] as const) {
      counter.reset()
      counter.inc(value)
    }
    return `${await this.#registry.metrics()}\n${await processMetrics().metrics()}`
  }

  #label(type: string): string {
    return this.#types.has(type) ? type : UNKNOWN
  }
}

function nameOf(outcome: Outcome | 'cancelled'): string {
  if (outcome === 'cancelled') return outcome
  if (outcome.status !== 'error') return 'done'
  return outcome.error.code === 'Timeout' ? 'timeout' : 'error'
}

function countersIn(registry: Registry) {
  const counter = <const Label extends string>(name: string, help: string, ...labelNames: Label[]) =>
    new Counter({ name, help, labelNames, registers: [registry] })
  return {
    commands: counter(
      'perdure_commands_total',
      'Commands looked at, by what came of them',
      'type',
      'kind',
      'outcome',
    ),
    deadLetters: counter('perdure_dead_letters_total', 'Commands that became dead letters', 'type'),
    attempts: counter(
      'perdure_activity_attempts_total',
      'Attempts of activities that ended in this process',
      'type',
      'src',
      'outcome',
    ),
    cacheHits: counter('perdure_cache_hits_total', 'Actors found in memory when they were wanted'),
    cacheMisses: counter('perdure_cache_misses_total', 'Actors looked for in the journal'),
    verifiedEntries: counter('perdure_verified_entries_total', 'Entries that the sampler has applied again'),
    differences: counter(
      'perdure_verify_differences_total',
      'Actors that came out of their entries otherwise than committed',
      'type',
    ),
    inboxRefused: counter('perdure_inbox_refused_total', 'Commands from outside that found the inbox full'),
  }
}

function histogramsIn(registry: Registry) {
  const histogram = <const Label extends string>(
    name: string,
    help: string,
    buckets: number[],
    ...labelNames: Label[]
  ) => new Histogram({ name, help, buckets, labelNames, registers: [registry] })
  return {
    step: histogram('perdure_step_seconds', 'Time to step the commands of one batch', SECONDS),
    commit: histogram('perdure_commit_seconds', 'Time until a commit was durable', SECONDS),
    batchCommands: histogram(
      'perdure_batch_commands',
      'Commands of one batch',
      [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000],
    ),
    batchBytes: histogram(
      'perdure_batch_bytes',
      'Bytes that one batch gathered, estimated',
      [1e3, 1e4, 1e5, 1e6, 1e7],
    ),
    timerLate: histogram('perdure_timer_late_seconds', 'How late timers fired', LONG_SECONDS),
    attempt: histogram(
      'perdure_activity_seconds',
      'How long attempts of activities took',
      LONG_SECONDS,
      'type',
      'src',
    ),
    attemptNumber: histogram(
      'perdure_activity_attempt_number',
      'Which attempt of its activity an attempt was, from 1',
      [1, 2, 3, 5, 10, 20, 50, 100],
      'type',
      'src',
    ),
  }
}

type Level = keyof ReturnType<typeof gaugesIn>

function gaugesIn(registry: Registry) {
  const gauge = (name: string, help: string) => new Gauge({ name, help, registers: [registry] })
  return {
    inbox: gauge('perdure_inbox_commands', 'Commands from outside that wait'),
    inside: gauge('perdure_inside_commands', 'Results, due timers and orders of the engine that wait'),
    pending: gauge('perdure_pending_commands', 'Commands that actors sent and no batch has stepped'),
    held: gauge('perdure_held_commands', 'Commands for actors whose version is not here'),
    deadLetters: gauge('perdure_dead_letters', 'Dead letters that nobody has settled'),
    running: gauge('perdure_activities_running', 'Attempts of activities that run'),
    waiting: gauge('perdure_activities_waiting', 'Attempts of activities that wait for a place'),
    actors: gauge('perdure_cache_actors', 'Actors in memory'),
    position: gauge('perdure_journal_position', 'Position of the last journal entry'),
    bytes: gauge('perdure_journal_bytes', 'Bytes of the data directory on disk'),
    unsettledSegments: gauge('perdure_unsettled_segments', 'Commits whose rows are not written yet'),
    unsettledBytes: gauge('perdure_unsettled_bytes', 'Bytes of commits whose rows are not written yet'),
    unsettledSeconds: gauge(
      'perdure_unsettled_seconds',
      'Age of the oldest commit whose rows are not written yet',
    ),
  }
}

function levelsOf(load: Load): Readonly<Record<Level, number>> {
  return {
    inbox: load.inboxCommands,
    inside: load.insideCommands,
    pending: load.pendingCommands,
    held: load.heldCommands,
    deadLetters: load.deadLetters,
    running: load.activitiesRunning,
    waiting: load.activitiesWaiting,
    actors: load.cacheActors,
    position: load.journalPosition,
    bytes: load.journalBytes,
    unsettledSegments: load.unsettled.segments,
    unsettledBytes: load.unsettled.bytes,
    unsettledSeconds: load.unsettledMs / 1000,
  }
}
