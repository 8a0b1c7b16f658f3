/**
 * The commits of a shard as others wrote them, in order, for standbys and recoveries. One session after the other: each
 * looks first whether the log still holds what was read last, then reads on from there, until the connection or
 * its consumer is lost.
 *
 * Invariants: at most one page of messages is read ahead; a commit is handed on once; one that does not follow from
 * the one before ends the reading.
 */
import { AckPolicy, type Consumer, DeliverPolicy, ReplayPolicy } from '@nats-io/jetstream'
import { nanos } from '@nats-io/transport-node'
import { LogMismatchError } from '../../actors/errors.js'
import type { LogPosition } from '../../actors/journal.js'
import { CommitAssembly, type ReadCommit } from './commit-assembly.js'
import type { CommitForm } from './commit-form.js'
import { type StoredLogMessage, storedMessage } from './log-message.js'
import { lastMessage } from './stream-reads.js'
import { type VerifySite, verifyPosition } from './verify-position.js'

export interface ReaderSite extends VerifySite {
  readonly form: CommitForm
}

export interface CommitReader {
  /** Resolves once everything that is in the log now, or up to a sequence of it, has been handed on. @throws what ended the reading; UnavailableError, and the reading goes on, when the servers do not say where the log ends. */
  caughtUp(to?: number): Promise<void>
  /** Resolves once stopped. @throws LogMismatchError; what `onCommit` threw; UnavailableError when the connection closed. */
  readonly ended: Promise<void>
  /** Resolves once nothing is handed on any more. */
  stop(): Promise<void>
}

/** A server that says nothing that long has lost the consumer: its heartbeats come thrice as often. */
const SILENCE_MS = 6_000
/** A consumer that asks for nothing that long is dropped by the server; the next session makes another. */
const IDLE_MS = 30_000

/**
 * @param after the last commit or claim read before; undefined: from the very first; `anything`: from the first that
 * is there, whatever was purged before it.
 * @param onCommit waited for before the next.
 */
export function followCommits(
  site: ReaderSite,
  shard: number,
  after: LogPosition | 'anything' | undefined,
  onCommit: (read: ReadCommit) => void | Promise<void>,
): CommitReader {
  return new Following(site, shard, after, onCommit)
}

interface Waiter {
  readonly sequence: number
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

class Following implements CommitReader {
  readonly ended: Promise<void>
  readonly #site: ReaderSite
  readonly #shard: number
  readonly #onCommit: (read: ReadCommit) => void | Promise<void>
  readonly #assembly: CommitAssembly
  readonly #stopped = new AbortController()
  readonly #waiters = new Set<Waiter>()
  #after: LogPosition | 'anything' | undefined
  #failure: { readonly error: unknown } | undefined
  #isAttached = false

  constructor(
    site: ReaderSite,
    shard: number,
    after: LogPosition | 'anything' | undefined,
    onCommit: (read: ReadCommit) => void | Promise<void>,
  ) {
    this.#site = site
    this.#shard = shard
    this.#after = after
    this.#onCommit = onCommit
    this.#assembly = new CommitAssembly(site.form, { stream: site.ground.names.journalStream, shard })
    this.ended = this.#run()
    // Who does not look at it learns of the failure from caughtUp().
    this.ended.catch(() => undefined)
  }

  async caughtUp(to?: number): Promise<void> {
    const sequence = to ?? (await lastMessage(this.#site, this.#shard))?.sequence ?? 0
    await new Promise<void>((resolve, reject) => {
      if (this.#failure !== undefined) return reject(this.#failure.error)
      this.#waiters.add({ sequence, resolve, reject })
      this.#tellWaiters()
    })
  }

  async stop(): Promise<void> {
    this.#stopped.abort()
    await this.ended.catch(() => undefined)
  }

  /** Nobody hears before the first session has looked at the log. */
  #tellWaiters(): void {
    for (const waiter of this.#waiters) {
      if (waiter.sequence > this.#assembly.sequence || !this.#isAttached) continue
      this.#waiters.delete(waiter)
      waiter.resolve()
    }
  }

  async #run(): Promise<void> {
    const { connection, clock, limits } = this.#site
    const stopped = new Promise<void>(resolve => {
      this.#stopped.signal.addEventListener('abort', () => resolve(), { once: true })
    })
    try {
      while (!this.#stopped.signal.aborted) {
        await Promise.race([connection.connected(), stopped])
        if (this.#stopped.signal.aborted) break
        await this.#session()
        if (this.#stopped.signal.aborted) break
        await new Promise<void>(resolve => clock.after(limits.clusterRetryMs, resolve))
      }
      this.#end(new Error(`the reading of shard ${this.#shard} was stopped`))
    } catch (error) {
      this.#end(error)
      throw error
    }
  }

  #end(error: unknown): void {
    this.#failure = { error }
    for (const { reject } of this.#waiters) reject(error)
    this.#waiters.clear()
  }

  /** Ends when something of it was lost. @throws what ends the reading. */
  async #session(): Promise<void> {
    const session = new AbortController()
    const end = (): void => session.abort()
    const offChange = this.#site.connection.onChange(end)
    this.#stopped.signal.addEventListener('abort', end, { once: true })
    let consumer: Consumer | undefined
    try {
      await this.#attach()
      consumer = await this.#consumer()
      while (!session.signal.aborted) await this.#page(consumer, session.signal)
    } catch (error) {
      if (error instanceof ReadingError) throw error.cause
      if (error instanceof LogMismatchError) throw error
    } finally {
      offChange()
      this.#stopped.signal.removeEventListener('abort', end)
      // Whoever takes the shard over waits for the end of the reading, not for this; it ends by itself, if this is lost.
      if (this.#site.connection.isConnected) consumer?.delete().catch(() => undefined)
    }
  }

  async #attach(): Promise<void> {
    const after = this.#after
    if (after === 'anything') this.#assembly.startAnywhere()
    else if (after === undefined) this.#assembly.startAfter(undefined)
    else this.#assembly.startAfter(await verifyPosition(this.#site, this.#shard, after))
    this.#isAttached = true
    this.#tellWaiters()
  }

  async #consumer(): Promise<Consumer> {
    const { connection, ground } = this.#site
    const { name } = await connection.jsm.consumers.add(ground.names.journalStream, {
      ack_policy: AckPolicy.None,
      deliver_policy: DeliverPolicy.StartSequence,
      opt_start_seq: this.#assembly.sequence + 1,
      replay_policy: ReplayPolicy.Instant,
      filter_subject: ground.names.commits(this.#shard),
      inactive_threshold: nanos(IDLE_MS),
      mem_storage: true,
      num_replicas: 1,
    })
    return await connection.js.consumers.get(ground.names.journalStream, name)
  }

  async #page(consumer: Consumer, signal: AbortSignal): Promise<void> {
    const { limits, ground } = this.#site
    const messages = await consumer.fetch({
      max_messages: Math.max(1, Math.floor(limits.clusterReadAheadBytes / ground.maxPayload)),
      expires: SILENCE_MS * 5,
      idle_heartbeat: SILENCE_MS / 3,
    })
    const close = (): void => void messages.close()
    // It may have come to an end while this was asked for.
    if (signal.aborted) return close()
    signal.addEventListener('abort', close, { once: true })
    try {
      for await (const { subject, seq, headers, data } of messages) {
        if (signal.aborted) return
        const message = storedMessage({ subject, sequence: seq, headers, body: data })
        if (message !== undefined) await this.#take(message)
      }
    } finally {
      signal.removeEventListener('abort', close)
    }
  }

  async #take(message: StoredLogMessage): Promise<void> {
    try {
      const read = this.#assembly.add(message)
      if (read === undefined) return
      await this.#onCommit(read)
      this.#after = read.at
    } catch (error) {
      throw new ReadingError(error)
    }
    this.#tellWaiters()
  }
}

/** Tells what ends the reading from what the connection did. */
class ReadingError extends Error {
  constructor(cause: unknown) {
    super('what was read cannot be gone on from', { cause })
  }
}
