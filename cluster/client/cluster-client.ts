/**
 * A cluster as its clients reach it, a member's own among them: commands into the inbox of their actor's shard. Questions
 * to whoever owns it are in owners.ts.
 *
 * Owns: when a command is sent again. Its answer may be lost with a member, so it is appended once more under its id
 * until its time is over; its actor answers an id it knows as it did the first time. Invariant: nothing else is tried
 * again here.
 */
import { DeliverPolicy, type StreamInfo } from '@nats-io/jetstream'
import type { MsgHdrs } from '@nats-io/transport-node'
import type { Address } from '../../actors/address.js'
import type { Clock } from '../../actors/clock.js'
import { decode, toErrorValue } from '../../actors/codec.js'
import type { ActorEvent, Command } from '../../actors/command.js'
import {
  OverloadedError,
  type PerdureError,
  TimeoutError,
  TooLargeError,
  UnavailableError,
} from '../../actors/errors.js'
import type { AppliedCommand } from '../../actors/inbox.js'
import type { Limits } from '../../actors/limits.js'
import type { ClusterConnection } from '../connection.js'
import { HEADER } from '../log/log-message.js'
import type { Expected } from '../requests/question.js'
import { Requests } from '../requests/requests.js'
import { shardOf } from '../shard-of.js'
import type { ClusterGround } from '../streams/setup.js'
import { readAnswer } from '../wire/answer.js'
import { commandMessage, type WireMessage } from '../wire/command-message.js'
import { WrittenHeaders } from '../wire/written-headers.js'
import { Beginnings } from './beginnings.js'
import { assertConnected, Owners } from './owners.js'

export interface ClusterClientSite {
  readonly connection: ClusterConnection
  readonly ground: ClusterGround
  /** Of this client, among all: one token of a subject. */
  readonly id: string
  readonly clock: Clock
  readonly limits: Limits
}

/** What a stream says to a message for it. */
interface StoreReply {
  readonly seq?: number
  readonly error?: StoreError
}

interface StoreError {
  readonly err_code: number
  readonly description: string
}

interface TakenBefore {
  /** Of the message, once it is appended. */
  sequence: number
  readonly isSo: boolean
  tell(): void
  forget(): void
}

/** More waits in the stream than it may hold. */
const FULL_CODES: readonly number[] = [10077, 10047]
const TOO_LARGE_CODE = 10054

export class ClusterClient {
  readonly requests: Requests
  readonly beginnings: Beginnings
  readonly owners: Owners
  readonly #site: ClusterClientSite
  /** Of what it sent, so that the stream keeps what it has had before under that id. */
  #sent: number
  /** When a server last answered an append, or was last doubted, by the steady clock. */
  #answeredAt: number
  /** Of the commands that were sent and not answered yet. */
  #unansweredBytes = 0
  /** What the stream of commands may hold, while that is asked for. */
  #bounds: Promise<StreamInfo> | undefined

  constructor(site: ClusterClientSite) {
    const { connection, ground, id, clock, limits } = site
    this.#site = site
    this.#sent = clock.now()
    this.#answeredAt = clock.elapsed()
    this.requests = new Requests({
      nc: connection.nc,
      answers: `${ground.names.name}.r.${id}`,
      clock,
      limits,
    })
    this.beginnings = new Beginnings(connection.nc, ground.names)
    this.owners = new Owners({ ...site, requests: this.requests, beginnings: this.beginnings })
    connection.onChange(state => {
      if (state === 'disconnected') this.requests.lose()
    })
  }

  get clock(): Clock {
    return this.#site.clock
  }

  get shards(): number {
    return this.#site.ground.shards
  }

  shardOf(address: Address): number {
    return shardOf(address, this.shards)
  }

  /**
   * Resolves once the command is applied and that is durable.
   * @throws PerdureError as its step did; TimeoutError with the id to ask again under; UnavailableError, OverloadedError
   * and TooLargeError when it could not be appended.
   */
  async command(command: Command, timeoutMs: number, signal?: AbortSignal): Promise<AppliedCommand> {
    const { clock, limits } = this.#site
    const began = clock.elapsed()
    let waitMs = limits.clusterAnswerMs
    let isStored = false
    let expected: Expected | undefined
    const cancel = () => expected?.cancel()
    signal?.addEventListener('abort', cancel, { once: true })
    try {
      for (let tries = 0; ; tries++) {
        signal?.throwIfAborted()
        const leftMs = timeoutMs - (clock.elapsed() - began)
        if (leftMs <= 0)
          throw new TimeoutError(command.target, `'${command.kind}'`, timeoutMs, command.commandId)
        // One that nothing came on yet stays: whichever copy of the command is answered, the answer is heard.
        if (expected?.isOver !== false) expected = this.requests.expect(command.target, leftMs)
        const answer = await this.#once(command, expected, { waitMs: Math.min(waitMs, leftMs), isStored })
        isStored = true
        if (answer !== undefined && !answer.ok) {
          if (!isPassing(answer.error)) throw answer.error
          await this.#pause()
        } else if (answer !== undefined && 'applied' in answer)
          return { ...answer.applied, duplicate: answer.applied.duplicate && tries === 0 }
        waitMs = Math.min(2 * waitMs, limits.clusterAnswerMsMax)
      }
    } finally {
      cancel()
      signal?.removeEventListener('abort', cancel)
    }
  }

  /** Undefined when no answer came. `isStored`: the stream has it already, and is given it for the answer's sake alone. */
  async #once(
    command: Command,
    expected: Expected,
    { waitMs, isStored }: { readonly waitMs: number; readonly isStored: boolean },
  ) {
    const { connection, ground } = this.#site
    const message = commandMessage(command, ground.names, {
      replyTo: expected.subject,
      repeat: ++this.#sent,
    })
    const bytes = message.body.length
    if (!isStored) this.#admit(command.target, bytes)
    this.#unansweredBytes += bytes
    const taken = this.#takenBefore(this.shardOf(command.target))
    try {
      try {
        taken.sequence = await this.#appendSurely(command.target, message, waitMs)
      } catch (error) {
        // What is stored will be applied: that there is no room for it once more refuses nothing.
        if (!isStored) throw error
        if (!connection.isConnected) return await this.#pause()
      }
      const answer = await this.#answered(expected, waitMs, taken)
      return answer && readAnswer(answer)
    } finally {
      taken.forget()
      this.#unansweredBytes -= bytes
    }
  }

  /** Whether what is appended was taken by an owner who has the shard no more: his answer came already, or is lost. */
  #takenBefore(shard: number): TakenBefore {
    let readTo = 0
    const taken: TakenBefore = {
      sequence: Number.POSITIVE_INFINITY,
      get isSo() {
        return taken.sequence <= readTo
      },
      tell: () => {},
      forget: this.beginnings.on(shard, to => {
        readTo = to
        if (taken.isSo) taken.tell()
      }),
    }
    return taken
  }

  /** Undefined when it does not come within that time, is lost, or is not waited for any more. */
  #answered({ answer }: Expected, withinMs: number, taken: TakenBefore): Promise<Uint8Array | undefined> {
    return new Promise(resolve => {
      const stop = this.#site.clock.after(withinMs, () => resolve(undefined))
      const settle = (bytes?: Uint8Array) => {
        stop()
        resolve(bytes)
      }
      taken.tell = settle
      answer.then(settle, () => settle())
      if (taken.isSo) settle()
    })
  }

  #pause(): Promise<undefined> {
    const { clock, limits } = this.#site
    return new Promise(resolve => clock.after(limits.clusterRetryMs, () => resolve(undefined)))
  }

  /** Nobody answers, or not so fast: what waits here must end somewhere. */
  #admit(actor: Address, bytes: number): void {
    const { inboxBytesMax } = this.#site.limits
    if (this.#unansweredBytes > 0 && this.#unansweredBytes + bytes > inboxBytesMax)
      throw new OverloadedError("the bytes of this client's unanswered commands", inboxBytesMax, actor)
  }

  /** The very same message again while nobody says that it is there: the stream keeps it once. */
  async #appendSurely(actor: Address, message: WireMessage, withinMs: number): Promise<number> {
    const { clock, connection } = this.#site
    const began = clock.elapsed()
    for (;;) {
      try {
        return await this.append(actor, message)
      } catch (error) {
        const isOver = clock.elapsed() - began >= withinMs || !connection.isConnected
        if (isOver || !(error instanceof UnavailableError)) throw error
        await this.#pause()
      }
    }
  }

  /** Resolves once the stream has it, with its sequence there. @throws UnavailableError, OverloadedError, TooLargeError */
  async append(actor: Address, { subject, headers: fields, body }: WireMessage): Promise<number> {
    const { connection, clock, limits } = this.#site
    if (body.length > connection.maxPayload - limits.clusterHeadroomBytes)
      throw new TooLargeError(
        actor,
        'the command',
        body.length,
        connection.maxPayload - limits.clusterHeadroomBytes,
      )
    assertConnected(connection)
    const ack = this.requests.expect('the stream of commands', limits.clusterAckMs)
    let stored: StoreReply
    try {
      connection.nc.publish(subject, body, { headers: new WrittenHeaders(fields), reply: ack.subject })
      stored = storeReply(await ack.answer)
    } catch (error) {
      ack.cancel()
      this.#doubt()
      throw unstored(toErrorValue(error).message)
    }
    if (stored.error !== undefined) {
      this.#doubt()
      throw await this.#refusal(actor, stored.error, body.length)
    }
    this.#answeredAt = clock.elapsed()
    return stored.seq ?? 0
  }

  /** A server that answers no append for a lease's time may be cut off from the others: another is tried. */
  #doubt(): void {
    const { connection, clock, limits } = this.#site
    const now = clock.elapsed()
    if (now - this.#answeredAt < limits.leaseMs) return
    this.#answeredAt = now
    connection.goElsewhere()
  }

  async #refusal(
    actor: Address,
    { err_code: code, description }: StoreError,
    bytes: number,
  ): Promise<PerdureError> {
    const { connection, ground } = this.#site
    const stream = ground.names.commandsStream
    if (FULL_CODES.includes(code) || code === TOO_LARGE_CODE) {
      this.#bounds ??= connection.jsm.streams.info(stream).finally(() => {
        this.#bounds = undefined
      })
      const bounds = await this.#bounds.catch(() => undefined)
      if (bounds !== undefined)
        return code === TOO_LARGE_CODE
          ? new TooLargeError(actor, 'the command', bytes, bounds.config.max_msg_size)
          : new OverloadedError(`stream ${stream} (bytes)`, bounds.config.max_bytes, actor)
    }
    return unstored(description)
  }

  /** Told of what an actor emits, from when it resolves until the signal. */
  async events(address: Address, listener: (event: ActorEvent) => void, signal: AbortSignal): Promise<void> {
    const { connection, ground } = this.#site
    const [type, key] = address.split('/')
    const consumer = await connection.js.consumers.get(ground.names.eventsStream, {
      filter_subjects: [`${ground.names.name}.event.${type}.${key}.>`],
      deliver_policy: DeliverPolicy.New,
    })
    // Made on the server before anyone hears that it stands.
    await consumer.info()
    const messages = await consumer.consume({
      callback: message => {
        if (message.headers?.get(HEADER.address) !== address) return
        listener(eventIn(message.data, message.headers))
      },
    })
    const end = () => void messages.close()
    if (signal.aborted) end()
    else signal.addEventListener('abort', end, { once: true })
  }

  close(): void {
    this.beginnings.close()
    this.requests.close()
  }
}

/** @throws Error when it is none. */
function storeReply(body: Uint8Array): StoreReply {
  return JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.length).toString('utf8'))
}

function unstored(why: string): UnavailableError {
  return new UnavailableError(`the command could not be appended: ${why}`)
}

function eventIn(body: Uint8Array, head: MsgHdrs): ActorEvent {
  const isPacked = head.get(HEADER.contentType) === 'application/msgpack'
  return (isPacked ? decode(body) : JSON.parse(Buffer.from(body).toString('utf8'))) as ActorEvent
}

/** Of a member that goes, rather than of the command. */
function isPassing({ code, retryable }: PerdureError): boolean {
  return code === 'Unavailable' && retryable
}
