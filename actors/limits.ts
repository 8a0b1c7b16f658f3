/**
 * Every bound in the system, in one place. Units come last in a name; `Max` is a limit that is enforced,
 * the rest are defaults. A runtime may be given other values; nothing has no bound.
 */
import { type CareLimits, careLimits } from './care-limits.js'
import { type ClusterLimits, clusterLimits } from './cluster-limits.js'
import { SetupError } from './errors.js'
import { type ImageLimits, imageLimits } from './image-limits.js'
import { type PatchLimits, patchLimits } from './patch-limits.js'

export interface Limits extends CareLimits, ClusterLimits, ImageLimits, PatchLimits {
  /** Encoded bytes of a type, key or child id (one NATS subject token). */
  readonly addressTokenBytesMax: number
  /** Characters of a command id. */
  readonly commandIdCharsMax: number
  /** Encoded bytes of an event, an input or an activity's result. */
  readonly payloadBytesMax: number
  /** Characters of an error's message, and encoded bytes of its details, as stored. */
  readonly errorCharsMax: number
  readonly errorDetailsBytesMax: number
  /** Encoded bytes of one actor's state. */
  readonly stateBytesMax: number
  /** How deep a value may nest. */
  readonly payloadDepthMax: number
  /** Decimal digits of one bigint: reading and writing a long one takes time by the square of its length. */
  readonly bigintDigitsMax: number

  /** Encoded bytes of one actor's record: its state with all that its timers and invocations hold. */
  readonly recordBytesMax: number
  /** Bytes that one batch may gather; what comes after waits for the next. */
  readonly commitBytesMax: number

  /** Commands from outside that may wait, and their bytes; the next is answered `Overloaded`. */
  readonly inboxBytesMax: number
  readonly inboxCommandsMax: number
  /** Commands that one batch steps, and so one commit carries, at the most. */
  readonly batchCommandsMax: number
  /** Commands stepped in one go while a commit is on its way: its arrival is looked for between. */
  readonly sliceCommandsMax: number
  /** A command that killed so many processes becomes a dead letter. At least 2. */
  readonly poisonAttemptsMax: number
  /** Commands actors have sent and no batch has stepped yet, and their bytes; a step that would pass it fails. */
  readonly pendingCommandsMax: number
  readonly pendingBytesMax: number
  /** Bytes of all that one step may send, emit and give its children. */
  readonly stepSendsBytesMax: number
  /** Effects that one step may return. */
  readonly stepEffectsMax: number
  /** Events and commands to other shards that leave with one commit; past it no more is stepped for it. */
  readonly commitMessagesMax: number
  /** Microsteps of one macrostep: what ends an `always` that never settles. */
  readonly microstepsMax: number
  /** Sets of active states that a compiled machine keeps, and plans of microsteps it keeps for each; then it begins anew. */
  readonly configurationsMax: number
  readonly microstepPlansMax: number
  /** Ids of children and of what was invoked that are kept in the form they take in addresses and event types. */
  readonly childIdsMax: number

  /** Command ids an actor remembers, by count and by age. */
  readonly recentCommandsMax: number
  readonly recentCommandAgeMsMax: number

  /** Actors kept in memory; the one unused longest is passivated. */
  readonly activeActorsMax: number
  /** Actors looked at for one to passivate, when there is one too many: of busy ones that unused longest goes. */
  readonly evictionLooksMax: number
  /** An actor unused that long is passivated. */
  readonly idleMsMax: number
  /** Live timers, invocations and children of one actor. */
  readonly actorTimersMax: number
  readonly actorInvocationsMax: number
  readonly actorChildrenMax: number
  /** How deep children may nest below a root. */
  readonly childDepthMax: number
  /** Due actors looked up in the journal at once; and actors that owe work, read ahead of their turn. */
  readonly dueActorsPageMax: number
  /** Losses kept beside the records; the attempts of one more are counted in the records that the oldest is about. */
  readonly lossesMax: number

  /** Activities that run at once in one process; more wait in their actors' records. */
  readonly activitiesRunningMax: number
  /** Attempts that wait for a place to run in; past it they wait in their actors' records alone. */
  readonly dispatchQueueMax: number
  /** Items of one `each`. */
  readonly eachItemsMax: number
  /** Items of one `each` worked on at once, unless it says otherwise. */
  readonly eachConcurrency: number
  /** How long an activity may run, an attempt and over all attempts, unless its policy says otherwise. */
  readonly attemptMs: number
  readonly overallMs: number
  /** Attempts of an activity, and the waits between them, unless its policy says otherwise. */
  readonly retryAttempts: number
  readonly retryInitialMs: number
  readonly retryFactor: number
  readonly retryMaxMs: number
  /** How long an ask waits for its answer, from outside and from a machine. */
  readonly askTimeoutMs: number
  /** Longest wait that may be asked for. */
  readonly waitMsMax: number

  /** Entries folded to give a repeated command the very answer it had; past it the answer shows the present state. */
  readonly repeatFoldEntriesMax: number
  /** A persisted snapshot every so many entries of an actor. */
  readonly snapshotEvery: number
  /** One entry in so many carries a digest, besides those with a persisted snapshot. */
  readonly digestEvery: number
  /** Segments, and their bytes, that may wait to be settled into rows; past it commits settle first. */
  readonly unsettledSegmentsMax: number
  readonly unsettledBytesMax: number
  /** Entries that are settled at once: how long a commit that comes meanwhile waits. */
  readonly settleSliceEntriesMax: number
  /** How long the thread that writes may take over what is waited for: pruning, forgetting, closing. */
  readonly writerAnswerMsMax: number
  /** Bytes of the write-ahead log at which a commit, and at which a pause between commits, empties it. */
  readonly walBytesMax: number
  readonly walPauseBytesMax: number
  /** Commits after which the high-water mark is synced. */
  readonly markSyncCommitsMax: number
  /** Pages of the journal that a backup copies at once, and bytes after which it syncs what it has written. */
  readonly backupStepPages: number
  readonly backupSyncBytes: number
  /** Settling starts once commits have paused that long. */
  readonly settleAfterMs: number
  /** How often finished actors past their time are looked for, and how many of a type are forgotten at once. */
  readonly retentionSweepMs: number
  readonly retentionShareMax: number
  /** How long a full journal, or a timer in event time that found no room, is left alone before the next try. */
  readonly journalFullRetryMs: number
  /** Rows that one query page returns. */
  readonly pageRowsMax: number
  /** Entries of one actor that a reader of its history holds at once, and their bytes, one entry more at the most. */
  readonly readAheadEntriesMax: number
  readonly readAheadBytesMax: number
  /** Entries that a reader of a history takes in one go; then others have their turn. */
  readonly readShareEntriesMax: number
  /** Bytes of entries, one entry more at the most, that one page of history holds. */
  readonly pageBytesMax: number
  /** Events of an actor that wait for a reader; one further behind is told so and given up. */
  readonly eventsWaitingMax: number
  /** Bytes of an HTTP request's body. More than a payload: JSON writes bytes and tags at length. */
  readonly requestBytesMax: number
  /** Silence on a stream after which a comment says that it lives. */
  readonly streamHeartbeatMs: number
  /** How long a stream waits for a reader that takes nothing; it can go on later from where it was. */
  readonly streamStallMsMax: number
  /** How long a stop waits for work in flight. */
  readonly stopMsMax: number

  /** Actors that an inspector shows at once, and entries of each that a late viewer is shown at the most. */
  readonly inspectActorsMax: number
  readonly inspectHistoryMax: number
  /** Viewers of an inspector; bytes that may wait for one, past which it misses what comes; bytes of one message. */
  readonly inspectViewersMax: number
  readonly inspectWaitingBytesMax: number
  readonly inspectMessageBytesMax: number
  /** Messages of other programs that an inspector hands on to late viewers. */
  readonly inspectRelayedMax: number
  /** How long an inspector elsewhere that cannot be reached is left alone before the next try. */
  readonly inspectRetryMs: number

  /** Connections to a runtime's control socket, and how long one may stay idle. */
  readonly controlConnectionsMax: number
  readonly controlIdleMsMax: number
  /** How long a stopping runtime leaves those who are connected to take their last answer. */
  readonly controlCloseMsMax: number

  /** A client of a runtime elsewhere: requests at once, and those that wait for a connection besides; the next is `Overloaded`. */
  readonly remoteConnectionsMax: number
  readonly remoteRequestsMax: number
  /** Actors it follows at once, each over a connection of its own; as many may read their past. */
  readonly remoteStreamsMax: number
  /** How long an answer may take beyond what was asked for, and what it may hold. */
  readonly remoteReplyMsMax: number
  readonly remoteReplyBytesMax: number
  /** How long a runtime that went away is waited for, and the waits between looks. */
  readonly remoteAwayMsMax: number
  readonly remoteRetryInitialMs: number
  readonly remoteRetryMsMax: number
}

export const limits: Limits = {
  addressTokenBytesMax: 256,
  commandIdCharsMax: 256,
  payloadBytesMax: 512 * 1024,
  errorCharsMax: 8 * 1024,
  errorDetailsBytesMax: 64 * 1024,
  stateBytesMax: 1024 * 1024,
  payloadDepthMax: 500,
  bigintDigitsMax: 4_096,

  recordBytesMax: 4 * 1024 * 1024,
  commitBytesMax: 32 * 1024 * 1024,

  inboxBytesMax: 64 * 1024 * 1024,
  inboxCommandsMax: 20_000,
  batchCommandsMax: 512,
  sliceCommandsMax: 128,
  poisonAttemptsMax: 3,
  pendingCommandsMax: 50_000,
  pendingBytesMax: 32 * 1024 * 1024,
  stepSendsBytesMax: 16 * 1024 * 1024,
  stepEffectsMax: 1_000,
  commitMessagesMax: 4_096,
  microstepsMax: 1_000,
  configurationsMax: 4_096,
  microstepPlansMax: 512,
  childIdsMax: 4_096,

  recentCommandsMax: 64,
  recentCommandAgeMsMax: 24 * 3600_000,

  activeActorsMax: 20_000,
  evictionLooksMax: 32,
  idleMsMax: 60_000,
  actorTimersMax: 1_000,
  actorInvocationsMax: 1_000,
  actorChildrenMax: 1_000,
  childDepthMax: 8,
  dueActorsPageMax: 1_000,
  lossesMax: 8,

  activitiesRunningMax: 1_000,
  dispatchQueueMax: 10_000,
  eachItemsMax: 1_000,
  eachConcurrency: 16,
  attemptMs: 60_000,
  overallMs: 7 * 24 * 3600_000,
  retryAttempts: 10,
  retryInitialMs: 100,
  retryFactor: 2,
  retryMaxMs: 60_000,
  askTimeoutMs: 30_000,
  waitMsMax: 24 * 24 * 3600_000,

  repeatFoldEntriesMax: 1_000,
  snapshotEvery: 100,
  digestEvery: 16,
  unsettledSegmentsMax: 256,
  unsettledBytesMax: 16 * 1024 * 1024,
  settleSliceEntriesMax: 128,
  writerAnswerMsMax: 120_000,
  walBytesMax: 4 * 1024 * 1024,
  walPauseBytesMax: 1024 * 1024,
  markSyncCommitsMax: 256,
  backupStepPages: 256,
  backupSyncBytes: 8 * 1024 * 1024,
  settleAfterMs: 50,
  retentionSweepMs: 60_000,
  retentionShareMax: 100,
  journalFullRetryMs: 1_000,
  pageRowsMax: 1_000,
  readAheadEntriesMax: 64,
  readAheadBytesMax: 1024 * 1024,
  readShareEntriesMax: 8,
  pageBytesMax: 8 * 1024 * 1024,
  eventsWaitingMax: 1_000,
  requestBytesMax: 2 * 1024 * 1024,
  streamHeartbeatMs: 15_000,
  streamStallMsMax: 600_000,
  stopMsMax: 10_000,

  inspectActorsMax: 20,
  inspectHistoryMax: 100,
  inspectViewersMax: 16,
  inspectWaitingBytesMax: 4 * 1024 * 1024,
  inspectMessageBytesMax: 256 * 1024,
  inspectRelayedMax: 200,
  inspectRetryMs: 2_000,

  controlConnectionsMax: 1_024,
  controlIdleMsMax: 60_000,
  controlCloseMsMax: 250,

  remoteConnectionsMax: 64,
  remoteRequestsMax: 10_000,
  remoteStreamsMax: 256,
  remoteReplyMsMax: 10_000,
  remoteReplyBytesMax: 64 * 1024 * 1024,
  remoteAwayMsMax: 20_000,
  remoteRetryInitialMs: 25,
  remoteRetryMsMax: 1_000,
  ...careLimits,
  ...clusterLimits,
  ...imageLimits,
  ...patchLimits,
}

/**
 * The limits, some of them replaced.
 * @throws SetupError `InvalidDefinition` for a name there is no limit of, or a value that bounds nothing.
 */
export function limitsWith(given: Partial<Limits> = {}): Limits {
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(limits, name))
      throw new SetupError('InvalidDefinition', `there is no limit '${name}'`, { name })
    if (typeof value !== 'number' || !Number.isFinite(value) || value < leastOf(name))
      throw new SetupError(
        'InvalidDefinition',
        `limit '${name}': expected a number of at least ${leastOf(name)}, found ${String(value)}`,
        { name, found: value },
      )
  }
  return { ...limits, ...given }
}

/** Times may be nothing; a count or a size of nothing would let nothing through. */
function leastOf(name: string): number {
  if (name === 'poisonAttemptsMax') return 2
  return /Ms(Max)?$/.test(name) ? 0 : 1
}
