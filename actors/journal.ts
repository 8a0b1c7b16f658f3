/**
 * Where commits go and what can be asked of them: the two ports of storage. One shard, one journal.
 *
 * Invariants: a commit is seen whole or not at all; only the holder appends; what was appended is there
 * after any crash, or opening says so.
 */
import type { Address } from './address.js'
import type { Command } from './command.js'
import type { Commit, DeadLetter, InboxPosition, JournalEntry, Loss } from './commit.js'
import type { StateAt } from './logged-commit.js'
import type { ActorStatus } from './logic.js'
import type { ActorRecord } from './record.js'

/** Where a commit becomes durable. */
export interface CommitLog {
  /**
   * Resolves once the commit is durable; until then all answers are as of the one before. The next commit must start
   * where this one ended, and be given once this one has resolved.
   * @param at where the commit stands in the log that made it durable, when another did; kept with it. After a crash
   * that may be where an earlier commit stands: those after it are in the log still.
   * @throws SetupError `JournalFull` when there is no room: nothing was written, and it may be tried again.
   */
  append(commit: Commit, at?: LogPosition): Promise<void>
}

/** A commit's place in the log of a cluster. */
export interface LogPosition {
  /** Which life of the log: it grows when the log had to be made anew. */
  readonly incarnation: number
  /** The stream's number of the commit's first message. */
  readonly sequence: number
  /** Hash of that message, to know the stream by. */
  readonly hash: string
}

/** What the engine and the tools read. All of it synchronous, none of it runs user code. */
export interface Journal extends CommitLog {
  /** Position of the last entry; 0 when empty. */
  readonly position: number
  /** Whether the last holder ended without closing it: a step may have killed its process. */
  readonly wasKilled: boolean
  /** Commands the last commit left to be stepped. */
  pending(): readonly Command[]
  /** How far the commits have read each inbox that can be read again. */
  taken(): readonly InboxPosition[]
  /** Where the newest commit stands in the log of a cluster; undefined when it never was in one. */
  readonly logPosition: LogPosition | undefined
  /**
   * Position of the first entry it may have, what is pruned aside: 1, or where the image ended that it began with.
   * Actors whose last entry is before it have no history here.
   */
  readonly historyFrom: number
  /** The actor as last committed. */
  read(address: Address): StoredRecord | undefined
  /** Its state alone; undefined when there is none, or it is damaged. */
  stateOf(address: Address): StateAt | undefined
  /** Actors whose `timerDueAt` (or `retryDueAt`) is at most `until`, earliest first. */
  due(kind: 'timer' | 'retry', until: number, limit: number): readonly DueActor[]
  /** The earliest `timerDueAt` (or `retryDueAt`) of all, or undefined. */
  nextDueAt(kind: 'timer' | 'retry'): number | undefined
  /** What was lost with earlier processes and is not counted in records yet, oldest first. */
  losses(): readonly Loss[]
  /** Goes through all actors that owe work. */
  owing(): OwingCursor
  /**
   * An actor's entries after a seq, in order: at most `limit`, and none after the one that reaches `bytesMax` encoded
   * bytes (absent: `pageBytesMax`). At least one while there is any: an empty page is the end, a short one is not.
   */
  entries(address: Address, after: number, limit: number, bytesMax?: number): readonly JournalEntry[]
  /** The newest record at or before `seq` that is still kept, with its own seq: where a re-fold starts. */
  recordAt(address: Address, seq: number): ActorRecord | undefined
  list(query: ListQuery): readonly ListedActor[]
  count(query: Omit<ListQuery, 'after' | 'limit'>): number
  /** Roots by type, version and status. */
  counts(): readonly ActorCount[]
  /** Letters nobody has settled, after the one of that id, oldest first. */
  deadLetters(after: string | undefined, limit: number): readonly KeptLetter[]
  /** Undefined when it never was, or is settled. */
  deadLetter(id: string): KeptLetter | undefined
  countDeadLetters(): number
  /** All commits after a position, in order, as they were appended, as far as they are kept. For `verify`. */
  commits(after: number): IterableIterator<StoredCommit>
  /** The fingerprint recorded for a version of a type; the first caller records it. */
  fingerprint(type: string, version: string, found: string): string
  /** Forgets an actor's entries up to `seq`; never past the older persisted snapshot. Answers how many. */
  prune(address: Address, seq: number): number
  /** Roots of a type that ended at or before a time, oldest first. */
  ended(type: string, until: number, limit: number): readonly Address[]
  /** Forgets an actor and those below it altogether: records, histories, snapshots, dead letters. Their commits keep their place in the chain. */
  forget(address: Address): void
  /** Bytes on disk, all files. */
  bytes(): number
  /** What is durable and not settled yet. */
  unsettled(): Unsettled
  /**
   * Writes a copy as of one commit into a new or empty directory, while work goes on. Nothing is left when it fails.
   * @throws SetupError when it cannot be made; the signal's reason.
   */
  backup(directory: string, options?: { readonly signal?: AbortSignal }): Promise<BackedUp>
  /**
   * In a pause between commits: brings what is derived from them up to the last one, then or soon after. No answer
   * depends on it.
   */
  settle(): void
  /** Writes what is known here and not in the files yet, for whoever reads those beside it. */
  flush(): void
  close(): void
}

/** All that owe work, in address order. */
export interface OwingCursor {
  /**
   * The next of them, each as last committed: at most so many, none at the end, and fewer than that is not the end.
   * Who was committed since the cursor was made may be left out; who cannot be read is, and is reported.
   */
  next(limit: number): readonly StoredRecord[]
}

/** A record read back. `stale` when the newest was damaged and this is an older snapshot: entries after its seq must be folded onto it, up to `seq`. */
export interface StoredRecord {
  readonly record: ActorRecord
  readonly stale?: { readonly seq: number; readonly reason: string }
}

/** A commit read back. Its records are there only while it is the newest to hold them unsettled; entries always. */
export interface StoredCommit extends Omit<Commit, 'records' | 'pending'> {
  /** Records as committed, where still kept; `verify` compares them with its own. */
  readonly records: readonly ActorRecord[]
}

export interface Unsettled {
  readonly segments: number
  readonly bytes: number
  /** `at` of the oldest of them; undefined when there is none. */
  readonly since: number | undefined
}

export interface DueActor {
  readonly address: Address
  readonly dueAt: number
}

export interface ListQuery {
  /** Without children: absent, they are among them. */
  readonly roots?: boolean
  readonly type?: string
  /** A state's path, `a.b`: matches it and what is below it. */
  readonly state?: string
  readonly tag?: string
  readonly status?: ActorStatus
  readonly version?: string
  /** Those that are quarantined, or those that are not. */
  readonly quarantined?: boolean
  /** Last entry at or before that, milliseconds since 1970. */
  readonly idleSince?: number
  readonly after?: Address
  readonly limit: number
}

export interface ListedActor {
  readonly address: Address
  readonly value: unknown
  readonly tags: readonly string[]
  readonly status: ActorStatus
  readonly version: string
  readonly seq: number
  readonly at: number
  /** Absent: it is not. */
  readonly quarantined?: true
}

export interface ActorCount {
  readonly type: string
  readonly version: string
  readonly status: ActorStatus
  readonly count: number
}

/** A dead letter, named. */
export interface KeptLetter extends DeadLetter {
  /** Sorts by age, oldest first: the number of its commit and its own within that. */
  readonly id: string
}

export interface BackedUp {
  /** Position of the last entry in it. */
  readonly position: number
  /** Bytes of the journal. */
  readonly bytes: number
}
