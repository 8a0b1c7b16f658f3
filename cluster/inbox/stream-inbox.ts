/**
 * A shard's inbox that is a stream: what came from outside (`commands`), or what other shards sent (`sends`). It reads
 * ahead of the engine, within bounds, and says of each delivery how far the stream is read with it.
 *
 * Owns: reading on, in order, through lost connections and consumers. Does not own what is committed of it: it is told
 * once, at the start, from where to read. Invariants: each message is delivered once, in the stream's order; whenever
 * reading is taken up again, the message it goes on from is found in its place first, or reading ends with an error.
 */
import type { Msg } from '@nats-io/transport-node'
import { encodeToken } from '../../actors/address.js'
import type { Clock } from '../../actors/clock.js'
import type { Command } from '../../actors/command.js'
import type { InboxPosition } from '../../actors/commit.js'
import { InvalidEventError, LogMismatchError, PerdureError, UnavailableError } from '../../actors/errors.js'
import type { Delivery, Inbox } from '../../actors/inbox.js'
import type { Limits } from '../../actors/limits.js'
import type { ClusterConnection } from '../connection.js'
import type { ClusterGround } from '../streams/setup.js'
import { answerBytes } from '../wire/answer.js'
import { readCommand, type StoredMessage } from '../wire/read-command.js'
import { readSentCommands } from '../wire/sent-commands.js'
import { Arrivals, type Verdict } from './arrivals.js'
import { firstAfter, ReadPlace, readHeaders } from './place.js'
import { type SessionSite, StreamSession } from './stream-session.js'

export interface StreamInboxSite {
  readonly kind: InboxPosition['inbox']
  readonly shard: number
  readonly connection: ClusterConnection
  readonly ground: Pick<ClusterGround, 'names' | 'commandsCreated' | 'maxPayload'>
  readonly clock: Clock
  readonly limits: Limits
  /** The checks at the door, for what comes from outside: schemas, known types. Answers at once where it can. */
  admit(command: Command): Verdict
  /** Sends an answer to whoever waits for it. */
  reply(subject: string, bytes: Uint8Array): void
  /** Told once, when reading cannot go on: LogMismatchError, or the connection was closed. */
  failed(error: unknown): void
}

/** Bytes of a message beside its body, at the most: what a server counts with it. */
const AROUND_BYTES = 64 * 1024

export class StreamInbox implements Inbox {
  readonly #site: StreamInboxSite
  readonly #stream: string
  readonly #arrivals: Arrivals
  #session: StreamSession | undefined
  /** The last message read, delivered or not; with an index, the one that is read again first. */
  #last: InboxPosition | undefined
  #state: 'new' | 'reading' | 'over' = 'new'
  #isOpening = false
  /** Of the connection, so far. */
  #changes = 0
  /** In the stream after the last message read. */
  #waiting = 0
  #stopListening = () => {}
  #listener: () => void = () => {}

  constructor(site: StreamInboxSite) {
    this.#site = site
    const { names } = site.ground
    this.#stream = site.kind === 'commands' ? names.commandsStream : names.journalStream
    this.#arrivals = new Arrivals(() => this.#listener())
  }

  take(max: number): readonly Delivery[] {
    const taken = this.#arrivals.take(max)
    if (taken.length > 0) this.#ask()
    return taken
  }

  get size(): number {
    return this.#arrivals.ready
  }

  /** Messages for the shard that are still to be taken, as of the last that came. */
  get backlog(): number {
    return this.#waiting + this.#arrivals.held
  }

  onArrival(listener: () => void): void {
    this.#listener = listener
  }

  /**
   * Reads what comes after a place; from the beginning, without one. Once, and not at all when it was stopped before.
   * @throws LogMismatchError when the stream is not the one that was read up to there; UnavailableError.
   */
  async start(after: InboxPosition | undefined): Promise<void> {
    const { connection } = this.#site
    if (this.#state !== 'new') return
    this.#last = after?.sequence === 0 ? undefined : after
    this.#state = 'reading'
    this.#stopListening = connection.onChange(state => this.#connectionChanged(state))
    try {
      await this.#open()
    } catch (error) {
      this.#end()
      if (error instanceof LogMismatchError || error instanceof PerdureError) throw error
      throw new UnavailableError(
        `${this.#stream}, shard ${this.#site.shard}: cannot be read: ${messageOf(error)}`,
      )
    }
  }

  /** Nothing is delivered any more. What was taken is still answered. */
  async stop(): Promise<void> {
    this.#end()
  }

  #end(): void {
    this.#state = 'over'
    this.#stopListening()
    this.#session?.close()
    this.#session = undefined
    this.#arrivals.end()
  }

  get #isReading(): boolean {
    return this.#state === 'reading'
  }

  async #open(): Promise<void> {
    this.#isOpening = true
    try {
      const changes = this.#changes
      const session = await StreamSession.open(this.#sessionSite(), this.#last)
      if (!this.#isReading) return session.close()
      if (session.isOver || changes !== this.#changes) {
        session.close()
        throw new UnavailableError(`${this.#stream}: its consumer was lost while it was made`)
      }
      this.#session = session
    } finally {
      this.#isOpening = false
    }
    this.#ask()
  }

  #sessionSite(): SessionSite {
    const { connection, clock, limits, shard, kind, ground } = this.#site
    const { names } = ground
    return {
      connection,
      clock,
      limits,
      stream: this.#stream,
      shard,
      filter: kind === 'commands' ? names.shardCommands(shard) : names.sentTo(shard),
      onMessage: (message, sequence, waiting) => {
        this.#waiting = waiting
        this.#receive(message, sequence)
      },
      onIdle: () => this.#ask(),
      onLost: () => this.#lost(),
    }
  }

  /** Asks for more, when little enough is held. */
  #ask(): void {
    const session = this.#session
    if (session === undefined || session.isAsking) return
    const { limits, ground } = this.#site
    const share = Math.ceil(limits.clusterInboxCommandsMax / 2)
    const shareBytes = Math.ceil(limits.clusterInboxBytesMax / 2)
    if (this.#arrivals.held > share || this.#arrivals.bytes > shareBytes) return
    // One message must always fit, or it would never come.
    session.ask(share, Math.max(shareBytes, ground.maxPayload + AROUND_BYTES))
  }

  #receive(message: Msg, sequence: number): void {
    const before = this.#last
    if (before !== undefined && sequence < firstAfter(before)) return
    const { subject, data: body } = message
    const stored = { subject, sequence, body, ...readHeaders(() => message.headers) }
    const place = new ReadPlace(this.#site.kind, stored)
    this.#last = place
    if (this.#site.kind === 'commands') this.#receiveCommand(stored, place)
    else this.#receiveSent(stored, place, sequence === before?.sequence ? (before.index ?? 0) : 0)
  }

  #receiveCommand(message: StoredMessage, place: InboxPosition): void {
    const { ground, limits } = this.#site
    const site = { name: ground.names.name, identity: ground.commandsCreated, limits }
    const { command, refusal, replyTo } = readCommand(message, site)
    const delivery: Delivery = {
      command,
      bytes: message.body.length + message.subject.length,
      place,
      ...(replyTo === undefined ? { isUnheard: true } : {}),
      settle: answer => {
        if (replyTo !== undefined) this.#site.reply(replyTo, answerBytes(answer))
      },
    }
    this.#arrivals.push(delivery, refusal ?? this.#verdict(command))
  }

  #verdict(command: Command): Verdict {
    try {
      return this.#site.admit(command)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /** @param from how many of its commands were taken before. */
  #receiveSent(message: StoredMessage, place: ReadPlace, from: number): void {
    const { body, subject } = message
    const read = readSentCommands(body)
    if ('found' in read) return this.#arrivals.push(unreadable(message, read.found, place), undefined)
    const { commands } = read
    const bytes = Math.ceil((body.length + subject.length) / commands.length)
    for (const [index, command] of commands.entries()) {
      if (index < from) continue
      // Two commits may share the message: what the first took of it is not taken again.
      const isLast = index === commands.length - 1
      const reached = place.fixed(isLast ? undefined : index + 1)
      this.#arrivals.push({ command, bytes, isUnheard: true, settle: () => {}, place: reached }, undefined)
    }
  }

  #connectionChanged(state: 'connected' | 'disconnected' | 'closed'): void {
    if (!this.#isReading) return
    this.#changes++
    // A consumer may be gone, its stream another: whatever it sent on the way is read again from the place.
    this.#session?.close()
    this.#session = undefined
    if (state === 'closed') this.#fail(new UnavailableError('the connection to NATS is closed'))
    else if (state === 'connected') this.#lost()
  }

  #lost(): void {
    this.#session = undefined
    if (!this.#isReading || this.#isOpening) return
    this.#isOpening = true
    void this.#reopen()
  }

  /** Until it reads again, or cannot. */
  async #reopen(): Promise<void> {
    const { connection, clock, limits } = this.#site
    while (this.#isReading) {
      try {
        await connection.connected()
        return await this.#open()
      } catch (error) {
        if (error instanceof LogMismatchError || connection.nc.isClosed()) return this.#fail(error)
        this.#isOpening = true
        await new Promise<void>(resolve => clock.after(limits.clusterRetryMs, resolve))
      }
    }
  }

  #fail(error: unknown): void {
    if (!this.#isReading) return
    this.#end()
    this.#site.failed(error)
  }
}

/** Members alone write what shards send: one that cannot be read is no command of anybody, and is kept as it is. */
function unreadable(
  { subject, sequence, body }: StoredMessage,
  found: string,
  place: InboxPosition,
): Delivery {
  const target = `${encodeToken('$sent')}/${sequence}`
  const event = { type: '$unreadable', subject, sequence, body: new Uint8Array(body) }
  return {
    command: { kind: 'message', commandId: `${subject}.${sequence}`, target, event },
    bytes: body.length + subject.length,
    place,
    refusal: new InvalidEventError(target, 'a list of commands from another shard', found),
    isUnheard: true,
    settle: () => {},
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
