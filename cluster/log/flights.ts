/**
 * Appends of many shards on their way to the log. What comes in while batches fly is gathered; then it flies as one
 * batch, bounded in messages and bytes. A shard has one append at a time, so batches never share one. Where the log has
 * one copy, appends of a single message need no company: each flies by itself, beside the others.
 *
 * Invariants: an append ends in its place, in the one who was there instead, or in nobody's interest any more;
 * never in a guess. Until then the very same messages are sent again: what landed once is found by its commit id, and
 * a second copy is refused by the expectation the first one used up.
 */
import type { Clock } from '../../actors/clock.js'
import { LogMismatchError, SetupError, UnavailableError } from '../../actors/errors.js'
import type { Limits } from '../../actors/limits.js'
import type { ClusterObserver } from '../observer.js'
import { type BatchOutcome, type ExpectingMessage, publishBatch } from './atomic-batch.js'
import type { LogWriting } from './commit-messages.js'
import type { StoredLogMessage } from './log-message.js'
import { type LogSite, logState, messageAfter, messageAt } from './stream-reads.js'
import { whyMissing } from './verify-position.js'

/** What became of an append: the sequence of its first message, or whose message stands where it would have. */
export type Landing =
  | { readonly kind: 'landed'; readonly sequence: number }
  | { readonly kind: 'lost'; readonly to: StoredLogMessage }

export interface Followed {
  readonly sequence: number
  readonly commitId: string
}

export interface Append {
  readonly writing: LogWriting
  /** The message it must follow on the commit subject; undefined for none. */
  readonly follows: Followed | undefined
  /** Nobody waits for it any more. */
  readonly signal: AbortSignal
}

interface Flying extends Append {
  readonly resolve: (landing: Landing) => void
  readonly reject: (error: Error) => void
}

export interface FlightSite extends LogSite {
  readonly clock: Clock
  readonly limits: Limits
  readonly observer?: ClusterObserver
}

/**
 * As many as fly side by side; more fly as a batch. A server that has the only copy stages a batch in files of its own:
 * 3–5 ms of its processor, as much as some sixty messages, or sixteen that it syncs one by one. Of several copies a batch
 * is staged in memory, and is one round of them: sixteen single messages cost half as much again (measured).
 */
const LONE_MAX = 16

export class Flights {
  readonly #site: FlightSite
  #waiting: Flying[] = []
  #flying = 0
  #isDue = false

  constructor(site: FlightSite) {
    this.#site = site
  }

  /**
   * @throws UnavailableError when the signal or the end of the connection came before the outcome was known;
   * LogMismatchError when the log is not the one it was; SetupError `StreamMismatch` when the log never takes it.
   */
  append(append: Append): Promise<Landing> {
    return new Promise<Landing>((resolve, reject) => {
      const giveUp = (): void => reject(givenUp(append))
      append.signal.addEventListener('abort', giveUp, { once: true })
      const end = (): void => append.signal.removeEventListener('abort', giveUp)
      this.#waiting.push({
        ...append,
        resolve: landing => {
          end()
          resolve(landing)
        },
        reject: error => {
          end()
          reject(error)
        },
      })
      this.#start()
    })
  }

  /** After this turn: what other shards append in it flies along. */
  #start(): void {
    if (this.#isDue) return
    this.#isDue = true
    this.#site.clock.soon(() => {
      this.#isDue = false
      this.#flyAlone()
      while (this.#waiting.length > 0 && this.#flying < this.#site.limits.clusterBatchesMax) {
        this.#flying++
        void this.#fly(this.#gather()).finally(() => {
          this.#flying--
          if (this.#waiting.length > 0) this.#start()
        })
      }
    })
  }

  /** Those that need nobody: a shard has one at a time, so there are no more than it has shards. */
  #flyAlone(): void {
    if (this.#site.ground.durability.replicas > 1) return
    const lone = this.#waiting.filter(({ writing }) => writing.messages.length === 1)
    if (lone.length > LONE_MAX) return
    this.#waiting = this.#waiting.filter(({ writing }) => writing.messages.length > 1)
    for (const append of lone) void this.#fly([append])
  }

  #gather(): Flying[] {
    const { clusterBatchMessagesMax, clusterBatchBytesMax } = this.#site.limits
    let messages = 0
    let bytes = 0
    let count = 0
    for (const { writing } of this.#waiting) {
      messages += writing.messages.length
      bytes += writing.bytes
      if (count > 0 && (messages > clusterBatchMessagesMax || bytes > clusterBatchBytesMax)) break
      count++
    }
    return this.#waiting.splice(0, count)
  }

  async #fly(appends: readonly Flying[]): Promise<void> {
    try {
      await this.#flyUntilLanded(appends)
    } catch (error) {
      for (const append of appends) append.reject(error instanceof Error ? error : new Error(String(error)))
    }
  }

  async #flyUntilLanded(appends: readonly Flying[]): Promise<void> {
    const { connection, limits, clock } = this.#site
    const oddSince = new Map<Append, number>()
    let open = appends
    for (;;) {
      await connection.connected()
      open = open.filter(append => !append.signal.aborted)
      if (open.length === 0) return
      const outcome = await this.#publish(open)
      if (outcome.kind === 'stored') return landAll(open, outcome.first)
      if (outcome.kind === 'impossible') return await this.#apart(open, outcome)
      const left = await this.#settle(open)
      const isStuck = left.length === open.length
      open = isStuck ? await this.#inTheLog(left, oddSince) : left
      if (isStuck || outcome.kind === 'unknown')
        await new Promise<void>(resolve => clock.after(limits.clusterRetryMs, resolve))
    }
  }

  async #publish(appends: readonly Flying[]): Promise<BatchOutcome> {
    const { connection, limits, clock, observer } = this.#site
    const messages = messagesOf(appends)
    if (observer === undefined) return publishBatch(connection, messages, limits.clusterAckMs)
    const began = clock.elapsed()
    const outcome = await publishBatch(connection, messages, limits.clusterAckMs)
    observer.flew({
      outcome: outcome.kind,
      commits: appends.length,
      messages: messages.length,
      bytes: appends.reduce((sum, { writing }) => sum + writing.bytes, 0),
      ms: clock.elapsed() - began,
    })
    return outcome
  }

  /** One that cannot be written takes no other along. */
  async #apart(appends: readonly Flying[], { why }: BatchOutcome & { kind: 'impossible' }): Promise<void> {
    const stream = this.#site.ground.names.journalStream
    const [only] = appends
    if (appends.length > 1) for (const append of appends) await this.#fly([append])
    else
      only!.reject(
        new SetupError(
          'StreamMismatch',
          `stream ${stream}: expected it to take a commit of shard ${only!.writing.shard}, found: ${why}`,
          { stream, shard: only!.writing.shard, found: why },
        ),
      )
  }

  /** Looks for each what stands where it would have; answers those of which nothing is known yet. */
  async #settle(appends: readonly Flying[]): Promise<readonly Flying[]> {
    const settled = await Promise.all(
      appends.map(async append => {
        const { writing, follows } = append
        const next = await messageAfter(this.#site, writing.shard, follows?.sequence ?? 0).catch(
          () => undefined,
        )
        if (next === undefined) return false
        append.resolve(
          next.commitId === writing.commitId
            ? { kind: 'landed', sequence: next.sequence }
            : { kind: 'lost', to: next },
        )
        return true
      }),
    )
    return appends.filter((_, index) => settled[index] === false)
  }

  /**
   * Refused, yet nobody was faster: the log may not be the one it was. Answers those of which what they follow is still
   * there. A leader that has just become one is given time.
   */
  async #inTheLog(appends: readonly Flying[], oddSince: Map<Append, number>): Promise<readonly Flying[]> {
    const { clock, limits } = this.#site
    const kept = await Promise.all(
      appends.map(async append => {
        const mismatch = await this.#mismatch(append).catch(() => undefined)
        if (mismatch === undefined) {
          oddSince.delete(append)
          return true
        }
        const since = oddSince.get(append) ?? clock.elapsed()
        oddSince.set(append, since)
        if (clock.elapsed() - since < limits.clusterLagMsMax) return true
        append.reject(mismatch)
        return false
      }),
    )
    return appends.filter((_, index) => kept[index])
  }

  async #mismatch({ writing, follows }: Append): Promise<LogMismatchError | undefined> {
    const { names, journalCreated } = this.#site.ground
    const there = follows === undefined ? undefined : await messageAt(this.#site, follows.sequence)
    if (follows !== undefined && typeof there === 'object' && there.commitId === follows.commitId)
      return undefined
    if (follows === undefined && (await logState(this.#site))?.created === journalCreated) return undefined
    const { kind, found } = await whyMissing(this.#site, follows?.sequence ?? 0, there)
    const expected =
      follows === undefined
        ? `the one made at ${journalCreated}`
        : `message ${follows.sequence} of commit ${follows.commitId}`
    return new LogMismatchError(kind, { stream: names.journalStream, shard: writing.shard }, expected, found)
  }
}

function messagesOf(appends: readonly Append[]): ExpectingMessage[] {
  return appends.flatMap(({ writing, follows }) =>
    writing.messages.map((message, index) => ({
      message,
      follows: index === 0 ? (follows?.sequence ?? 0) : undefined,
    })),
  )
}

function landAll(appends: readonly Flying[], first: number): void {
  let sequence = first
  for (const { writing, resolve } of appends) {
    resolve({ kind: 'landed', sequence })
    sequence += writing.messages.length
  }
}

function givenUp({ writing }: Append): UnavailableError {
  return new UnavailableError(`shard ${writing.shard} was given up while a commit was on its way to the log`)
}
