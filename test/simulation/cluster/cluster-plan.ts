/** What one seed decides of a cluster before anything runs: its bounds, how its members die, and who has what when. */
import { limits as defaults, type Limits } from '../../../actors/limits.js'
import type { Random } from '../random.js'
import type { AppendFault } from './member-streams.js'

export interface ClusterPlan {
  readonly limits: Limits
  readonly shards: number
  readonly members: number
  /** Whether there is a command whose step kills its process; nothing else does then. */
  readonly poisonous: boolean
  readonly snapshotEvery: number
  readonly orders: number
  /** When the last of them is first given, in milliseconds from the start. */
  readonly busyMs: number
  readonly deathsMax: number
  readonly appendFaults: Readonly<Partial<Record<AppendFault, number>>>
  /** How likely a member dies with a commit in the log that leaves something to be stepped with care. */
  readonly deathWithCare: number
  readonly deathAtTask: number
  readonly deathAtAttempt: number
  /** Between a commit in the log and its copy here. */
  readonly deathAtCopy: number
  readonly noRoomAtCopy: number
  /** How often a shard is handed over, a member leaves, and a lease runs out while its member lives. */
  readonly moves: number
  readonly leaves: number
  readonly lapses: number
  /** How long a shard that moves may take to be left. */
  readonly handOverMs: number
  /** How long a member that says nothing is held for alive. */
  readonly leaseMs: number
  readonly readAhead: number
  /** Shares of the commands: those nobody hears the answer of, and those the door refuses. */
  readonly unheard: number
  readonly broken: number
}

export function clusterPlanFor(random: Random): ClusterPlan {
  const poisonous = random.chance(0.1)
  return {
    limits: { ...limitsFor(random, poisonous), poisonAttemptsMax: poisonous ? 3 : 1_000 },
    shards: random.between(2, 4),
    members: random.between(2, 3),
    poisonous,
    snapshotEvery: random.pick([1, 5, 100]),
    orders: random.between(15, 40),
    busyMs: random.pick([50, 500, 5_000]),
    deathsMax: poisonous ? 0 : random.pick([0, 3, 6, 12]),
    appendFaults: { none: random.pick([15, 40, 200]), before: 1, after: 2 },
    deathWithCare: random.pick([0, 0.2, 0.5]),
    deathAtTask: random.pick([0, 0.0005, 0.002]),
    deathAtAttempt: random.pick([0, 0.02, 0.05]),
    deathAtCopy: random.pick([0, 0.02]),
    noRoomAtCopy: random.pick([0, 0.05]),
    moves: random.pick([0, 3, 10]),
    leaves: random.pick([0, 0, 2]),
    lapses: poisonous ? 0 : random.pick([0, 0, 2]),
    handOverMs: random.pick([20, 1_000]),
    leaseMs: random.pick([100, 1_000]),
    readAhead: random.pick([1, 20, 100]),
    unheard: random.pick([0.2, 0.8]),
    broken: random.pick([0, 0.1]),
  }
}

function limitsFor(random: Random, poisonous: boolean): Limits {
  return {
    ...defaults,
    batchCommandsMax: poisonous ? random.pick([16, 512]) : random.pick([1, 4, 16, 512]),
    // A few that are taken in with care go one by one, many as one.
    soloCommandsMax: random.pick([1, 2, 64]),
    activeActorsMax: random.pick([1, 3, 20_000]),
    dueActorsPageMax: random.pick([1, 2, 1_000]),
    activitiesRunningMax: random.pick([1, 3, 1_000]),
    dispatchQueueMax: random.pick([1, 10_000]),
    lossesMax: random.pick([2, defaults.lossesMax]),
    commitMessagesMax: random.pick([1, 3, defaults.commitMessagesMax]),
    journalFullRetryMs: 20,
    stopMsMax: 3_000,
  }
}
