/**
 * What one seed decides before anything runs: the bounds of the runtime, what it is kept on, how often it
 * dies and how.
 */
import { limits as defaults, type Limits } from '../../actors/limits.js'
import type { Random } from './random.js'
import type { SettleFault, WriteFault } from './simulated-journal.js'

export interface Plan {
  readonly limits: Limits
  readonly disk: 'memory' | 'file'
  readonly snapshotEvery: number
  /** Whether there are commands whose step kills the process. */
  readonly poisonous: boolean
  /** Orders of the clients. */
  readonly orders: number
  /** When the last of them is first given, in milliseconds from the start. */
  readonly busyMs: number
  readonly crashesMax: number
  readonly writeFaults: Readonly<Partial<Record<WriteFault, number>>>
  readonly settleFaults: Readonly<Partial<Record<SettleFault, number>>>
  /** How likely the process dies at any task, and right after it began an attempt or let out a commit. */
  readonly deathAtTask: number
  readonly deathAtAttempt: number
  readonly deathAtCommit: number
  /** How likely a task of the process stops it in order, to be started again. */
  readonly stopAtTask: number
}

export function planFor(random: Random): Plan {
  // Where a command kills, nothing else does: or what was stepped when the disk failed would be taken for poison.
  const poisonous = random.chance(0.1)
  return {
    limits: { ...limitsFor(random), poisonAttemptsMax: poisonous ? random.between(2, 3) : 1_000 },
    poisonous,
    disk: random.chance(0.8) ? 'file' : 'memory',
    snapshotEvery: random.pick([1, 2, 5, 100]),
    orders: random.between(15, 45),
    busyMs: random.pick([50, 2_000, 20_000]),
    crashesMax: poisonous ? 0 : random.pick([0, 1, 3, 6, 10]),
    writeFaults: {
      none: random.pick([10, 40, 200]),
      before: 1,
      inside: 3,
      after: 2,
      full: random.pick([0, 2]),
      errorBefore: 0.5,
      errorAfter: 0.5,
    },
    settleFaults: { none: random.pick([5, 40]), before: 1, inside: 2, after: 1 },
    deathAtTask: random.pick([0, 0.001, 0.005]),
    deathAtAttempt: random.pick([0, 0.02, 0.1]),
    deathAtCommit: random.pick([0, 0.01]),
    stopAtTask: random.pick([0, 0.001]),
  }
}

function limitsFor(random: Random): Limits {
  return {
    ...defaults,
    batchCommandsMax: random.pick([1, 1, 2, 4, 512]),
    activeActorsMax: random.pick([1, 3, 20_000]),
    idleMsMax: random.pick([0, 100, 60_000]),
    dueActorsPageMax: random.pick([1, 2, 1_000]),
    activitiesRunningMax: random.pick([1, 3, 1_000]),
    dispatchQueueMax: random.pick([1, 10_000]),
    inboxCommandsMax: random.pick([2, 20_000]),
    digestEvery: random.pick([1, 16]),
    unsettledSegmentsMax: random.pick([1, 3, 256]),
    walBytesMax: random.pick([64 * 1024, 256 * 1024, defaults.walBytesMax]),
    walPauseBytesMax: random.pick([0, 128 * 1024, defaults.walPauseBytesMax]),
    markSyncCommitsMax: random.pick([1, 3, 256]),
    pageRowsMax: random.pick([2, 1_000]),
    settleAfterMs: random.pick([1, 50]),
    journalFullRetryMs: 20,
    stopMsMax: 3_000,
  }
}
