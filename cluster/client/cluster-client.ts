/**
 * A cluster as its clients reach it, a member's own among them: commands into the inbox of their actor's shard, and
 * questions to whoever owns it.
 *
 * Owns: when a command is sent again. Its answer may be lost with a member, so it is appended once more under its id
 * until its time is over; its actor answers an id it knows as it did the first time. Invariant: nothing else is tried
 * again here.
 */
import { DeliverPolicy, JetStreamApiError } from '@nats-io/jetstream'
import { headers, type MsgHdrs } from '@nats-io/transport-node'
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
import { Requests } from '../requests/requests.js'
import { shardOf } from '../shard-of.js'
import type { ClusterGround } from '../streams/setup.js'
import { readAnswer } from '../wire/answer.js'
import { commandMessage, type WireMessage } from '../wire/command-message.js'

export interface ClusterClientSite {
  readonly connection: ClusterConnection
  readonly ground: ClusterGround
  /** Of this client, among all: one token of a subject. */
  readonly id: string
  readonly clock: Clock
  readonly limits: Limits
}

/** More waits in the stream than it may hold. */
const FULL_CODES: readonly number[] = [10077, 10047]
const TOO_LARGE_CODE = 10054

export class ClusterClient {
  readonly requests: Requests
  readonly #site: ClusterClientSite
  /** Of what it sent, so that the stream keeps what it has had before under that id. */
  #sent: number

  constructor(site: ClusterClientSite) {
    const { connection, ground, id, clock, limits } = site
    this.#site = site
    this.#sent = clock.now()
    this.requests = new Requests({
      nc: connection.nc,
      answers: `${ground.names.name}.r.${id}`,
      clock,
      limits,
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

  /** What the owner of a shard says to a verb. @throws UnavailableError when nobody has it now, or says nothing in time */
  ask(shard: number, verb: string, body: Uint8Array, timeoutMs: number): Promise<Uint8Array> {
    const { names } = this.#site.ground
    return this.requests.ask(names.owner(shard, verb), `the owner of shard ${shard}`, body, timeoutMs)
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
    for (let tries = 0; ; tries++) {
      signal?.throwIfAborted()
      const leftMs = timeoutMs - (clock.elapsed() - began)
      if (leftMs <= 0)
        throw new TimeoutError(command.target, `'${command.kind}'`, timeoutMs, command.commandId)
      const answer = await this.#once(command, Math.min(waitMs, leftMs), signal)
      if (answer !== undefined && !answer.ok) {
        if (!isPassing(answer.error)) throw answer.error
        await new Promise<void>(resolve => clock.after(limits.clusterRetryMs, resolve))
      } else if (answer !== undefined && 'applied' in answer)
        return { ...answer.applied, duplicate: answer.applied.duplicate && tries === 0 }
      waitMs = Math.min(2 * waitMs, limits.clusterAnswerMsMax)
    }
  }

  /** Undefined when no answer came. */
  async #once(command: Command, waitMs: number, signal: AbortSignal | undefined) {
    const expected = this.requests.expect(command.target, waitMs)
    const cancel = () => expected.cancel()
    signal?.addEventListener('abort', cancel, { once: true })
    try {
      const message = commandMessage(command, this.#site.ground.names, {
        replyTo: expected.subject,
        repeat: ++this.#sent,
      })
      await this.#appendSurely(command.target, message, waitMs)
      const bytes = await expected.answer.catch(() => undefined)
      return bytes && readAnswer(bytes)
    } finally {
      expected.cancel()
      signal?.removeEventListener('abort', cancel)
    }
  }

  /** The very same message again while nobody says that it is there: the stream keeps it once. */
  async #appendSurely(actor: Address, message: WireMessage, withinMs: number): Promise<void> {
    const { clock, limits } = this.#site
    const began = clock.elapsed()
    for (;;) {
      try {
        return await this.append(actor, message)
      } catch (error) {
        const isOver = clock.elapsed() - began >= withinMs
        if (isOver || !(error instanceof UnavailableError)) throw error
        await new Promise<void>(resolve => clock.after(limits.clusterRetryMs, resolve))
      }
    }
  }

  /** Resolves once the stream has it. @throws UnavailableError, OverloadedError, TooLargeError */
  async append(actor: Address, { subject, headers: fields, body }: WireMessage): Promise<void> {
    const { connection, limits } = this.#site
    if (body.length > connection.maxPayload - limits.clusterHeadroomBytes)
      throw new TooLargeError(
        actor,
        'the command',
        body.length,
        connection.maxPayload - limits.clusterHeadroomBytes,
      )
    try {
      await connection.js.publish(subject, body, {
        headers: headersOf(fields),
        timeout: limits.clusterAckMs,
        retries: 1,
      })
    } catch (error) {
      throw refusal(actor, error, limits)
    }
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
    this.requests.close()
  }
}

function eventIn(body: Uint8Array, head: MsgHdrs): ActorEvent {
  const isPacked = head.get(HEADER.contentType) === 'application/msgpack'
  return (isPacked ? decode(body) : JSON.parse(Buffer.from(body).toString('utf8'))) as ActorEvent
}

/** Of a member that goes, rather than of the command. */
function isPassing({ code, retryable }: PerdureError): boolean {
  return code === 'Unavailable' && retryable
}

function headersOf(fields: WireMessage['headers']): MsgHdrs {
  const head = headers()
  for (const [name, value] of fields) head.set(name, value)
  return head
}

function refusal(actor: Address, error: unknown, limits: Limits): PerdureError {
  const { code } = error instanceof JetStreamApiError ? error : { code: undefined }
  if (code !== undefined && FULL_CODES.includes(code))
    return new OverloadedError('the stream of commands', limits.inboxCommandsMax, actor)
  if (code === TOO_LARGE_CODE) return new TooLargeError(actor, 'the command', 0, 0)
  return new UnavailableError(`the command could not be appended: ${toErrorValue(error).message}`)
}
