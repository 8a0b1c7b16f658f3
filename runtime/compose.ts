/**
 * The composition root: the one place where the engine meets the real clock, real randomness and the process.
 */
import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { pino } from 'pino'
import { type Limits, limitsWith } from '../actors/limits.js'
import type { AnyDefinition } from '../machines/index.js'
import type { Runtime } from './client/types.js'
import { openDataDirectory } from './embedded/data-directory.js'
import { type EmbeddedOptions, EmbeddedRuntime } from './embedded/embedded-runtime.js'
import { EventTimeRuntime } from './embedded/event-time.js'
import type { HostLogger } from './shard-host-options.js'
import { SystemClock } from './system-clock.js'

export interface RuntimeOptions {
  /** What actors there may be. */
  readonly actors: readonly AnyDefinition[]
  /** The data directory; made when missing, held exclusively. `./data` when absent. */
  readonly path?: string
  /** Other bounds than the defaults. */
  readonly limits?: Partial<Limits>
  /** Where warnings and failures go: a pino logger, or one like it. JSON lines on stderr when absent. */
  readonly logger?: HostLogger
  /** Start although the journal has lost its end, and go on from what is left. */
  readonly acceptLoss?: boolean
  /** Told when the journal failed under the running runtime. It takes nothing more; stop it, and start a new one. */
  readonly onFailed?: (error: Error) => void
}

/**
 * Starts an embedded runtime on a data directory.
 * @throws SetupError for definitions that cannot be meant, a directory held or not writable, a journal that
 * is newer, damaged or shorter than it was.
 */
export async function createRuntime(options: RuntimeOptions): Promise<Runtime> {
  return new EmbeddedRuntime(embeddedOptions(options))
}

/** The same, in event time: for replaying what happened. */
export async function createEventTimeRuntime(options: RuntimeOptions): Promise<EventTimeRuntime> {
  return new EventTimeRuntime(embeddedOptions(options))
}

function embeddedOptions(options: RuntimeOptions): EmbeddedOptions {
  const { path = './data', acceptLoss, onFailed } = options
  const clock = new SystemClock()
  const limits = limitsWith(options.limits)
  const logger = options.logger ?? quietLogger()
  return {
    actors: options.actors,
    clock,
    limits,
    logger,
    mintId: () => randomUUID(),
    versionsRequired: process.env.NODE_ENV === 'production',
    openJournal: () =>
      openDataDirectory({
        path,
        clock,
        limits,
        logger,
        holder: thisProcess(),
        ...(acceptLoss === undefined ? {} : { acceptLoss }),
      }),
    ...(onFailed === undefined ? {} : { onFailed }),
  }
}

/** This process, as the next one that wants its directory is told. */
export function thisProcess() {
  return { pid: process.pid, host: hostname(), program: process.argv.slice(0, 3).join(' ') }
}

export function quietLogger(): HostLogger {
  return pino({ name: 'perdure', level: 'warn' }, pino.destination({ fd: 2, sync: true }))
}

/** Ids in the order they are asked for: what a test wants. */
export function sequentialIds(prefix: string): () => string {
  let last = 0
  return () => `${prefix}-${++last}`
}
