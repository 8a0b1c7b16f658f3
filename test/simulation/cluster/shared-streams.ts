/**
 * The streams of a simulated cluster, which outlive every member: the log of commits and claims, what rode in it from
 * shard to shard, and the commands from outside.
 *
 * Invariants: a commit is in the log whole, with all that it sends, or not at all; it follows the message its shard's
 * owner wrote last, or is refused; what is published a second time under one message id is not stored again.
 */
import { normalise } from '../../../actors/codec.js'
import type { Command } from '../../../actors/command.js'
import type { Commit } from '../../../actors/commit.js'
import type { PerdureError } from '../../../actors/errors.js'
import type { Answer } from '../../../actors/inbox.js'
import type { LogPosition } from '../../../actors/journal.js'
import { shardOf } from '../../../cluster/shard-of.js'

export interface Stored {
  readonly sequence: number
  readonly shard: number
}

/** A commit, or the claim of a new owner. */
export interface Logged extends Stored {
  readonly epoch: number
  readonly member: string
  /** Absent: a claim. */
  readonly bytes?: Buffer
}

/** All that one commit sends to one shard, which is the one it is stored for. */
export interface Sent extends Stored {
  readonly commands: readonly Command[]
}

/** A command from outside. */
export interface Told extends Stored {
  readonly command: Command
  /** What the door finds wrong with it. */
  readonly refusal?: PerdureError
  /** Absent: nobody hears the answer. */
  readonly reply?: (answer: Answer) => void
}

export interface Writing {
  readonly shard: number
  readonly epoch: number
  readonly member: string
  /** The message it must follow on its shard's subject. */
  readonly follows: number | undefined
  /** Absent: a claim. */
  readonly commit?: { readonly made: Commit; readonly bytes: Buffer }
}

export const LOG = 'SIMULATED_JOURNAL'

/** What a message is known by. */
export function hashOf({ sequence, shard }: Stored): string {
  return `hash ${shard}.${sequence}`
}

export function positionOf(logged: Stored): LogPosition {
  return { incarnation: 1, sequence: logged.sequence, hash: hashOf(logged) }
}

export class SharedStreams {
  readonly #shards: number
  readonly #logged: Logged[] = []
  readonly sent: Sent[] = []
  readonly #told: Told[] = []
  readonly #published = new Set<string>()
  readonly #listeners = new Set<() => void>()
  readonly #onCommit: (shard: number, commit: Commit) => void
  #sequence = 0

  /** @param onCommit told of each commit that is in the log from now on. */
  constructor(shards: number, onCommit: (shard: number, commit: Commit) => void) {
    this.#shards = shards
    this.#onCommit = onCommit
  }

  /** Answers what stands where it would have, when that is another's. */
  append({ shard, epoch, member, follows, commit }: Writing): LogPosition | { readonly lostTo: Logged } {
    const last = this.last(shard)
    if (last !== undefined && last.sequence !== follows) return { lostTo: last }
    const bytes = commit === undefined ? {} : { bytes: Buffer.from(commit.bytes) }
    const logged = { sequence: ++this.#sequence, shard, epoch, member, ...bytes }
    this.#logged.push(logged)
    if (commit !== undefined) {
      this.#onCommit(shard, commit.made)
      this.#sendAll(commit.made.sent ?? [])
    }
    this.#tell()
    return positionOf(logged)
  }

  #sendAll(commands: readonly Command[]): void {
    for (const [shard, together] of grouped(commands, this.#shards))
      this.sent.push({ sequence: ++this.#sequence, shard, commands: normalise(together) })
  }

  /** A command that rides with no commit. */
  send(command: Command): void {
    this.#sendAll([command])
    this.#tell()
  }

  publish(messageId: string, told: Omit<Told, 'sequence' | 'shard'>): void {
    if (this.#published.has(messageId)) return
    this.#published.add(messageId)
    const shard = shardOf(told.command.target, this.#shards)
    this.#told.push({ ...told, command: normalise(told.command), sequence: ++this.#sequence, shard })
    this.#tell()
  }

  /** Called whenever there is more to be read. The answer ends it. */
  onGrowth(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #tell(): void {
    for (const listener of this.#listeners) listener()
  }

  last(shard: number): Logged | undefined {
    return this.#logged.findLast(one => one.shard === shard)
  }

  logged(shard: number, after: number): Logged | undefined {
    return next(this.#logged, shard, after)
  }

  sentTo(shard: number, after: number): Sent | undefined {
    return next(this.sent, shard, after)
  }

  toldTo(shard: number, after: number): Told | undefined {
    return next(this.#told, shard, after)
  }
}

function next<Message extends Stored>(
  messages: readonly Message[],
  shard: number,
  after: number,
): Message | undefined {
  return messages.find(one => one.shard === shard && one.sequence > after)
}

function grouped(commands: readonly Command[], shards: number): Map<number, Command[]> {
  const groups = new Map<number, Command[]>()
  for (const command of commands) {
    const shard = shardOf(command.target, shards)
    groups.set(shard, [...(groups.get(shard) ?? []), command])
  }
  return groups
}
