/**
 * Every verb, forwarded to the runtime on a data directory through its control socket.
 *
 * Owns: nothing but a connection. Invariants: it is asked what the table of routes says, in the codec's form,
 * so what comes back is what a local call would have given, errors included; nothing is tried again here, since
 * only who calls knows whether it may be.
 */
import type { Address } from '../../actors/address.js'
import type { Clock } from '../../actors/clock.js'
import { decode, encode } from '../../actors/codec.js'
import type { ActorEvent } from '../../actors/command.js'
import type { JournalEntry } from '../../actors/commit.js'
import { PerdureError } from '../../actors/errors.js'
import type { Limits } from '../../actors/limits.js'
import type * as api from '../api/api.js'
import { MSGPACK, routes, type Verb } from '../http/routes.js'
import { type TargetParts, targetOf } from '../http/target.js'
import { ControlConnection, type WireStream } from './connection.js'
import { serverEvents } from './event-stream.js'
import { answered, errorIn } from './wire-answer.js'

export interface ControlApiOptions {
  /** The data directory of the runtime. */
  readonly path: string
  readonly clock: Clock
  readonly limits: Limits
}

/** Told once the other end has begun to answer a stream: it misses nothing from then on. */
interface Opening {
  readonly signal?: AbortSignal
  readonly onOpen?: () => void
}

interface Call extends TargetParts {
  readonly body?: unknown
  readonly trace?: string | undefined
  readonly signal?: AbortSignal | undefined
  /** How long the verb itself may take. */
  readonly timeoutMs?: number
}

export class ControlApi implements api.Api {
  readonly #connection: ControlConnection
  readonly #limits: Limits

  constructor({ path, clock, limits }: ControlApiOptions) {
    this.#connection = new ControlConnection(path, clock, limits)
    this.#limits = limits
  }

  describe(): Promise<api.Description> {
    return this.#whole('describe')
  }

  stats(): Promise<api.Stats> {
    return this.#whole('stats')
  }

  start({ address, input, id, timeoutMs, trace, signal }: api.StartRequest): Promise<api.StartReply> {
    return this.#whole('start', {
      address,
      query: { timeoutMs, commandId: id },
      body: { input },
      trace,
      signal,
      timeoutMs: timeoutMs ?? this.#limits.askTimeoutMs,
    })
  }

  tell(request: api.TellRequest): Promise<api.TellReply> {
    return this.#whole('tell', { ...this.#message(request, {}), timeoutMs: this.#limits.askTimeoutMs })
  }

  ask(request: api.AskRequest): Promise<api.AskReply> {
    const { until, timeoutMs, signal } = request
    return this.#whole('ask', {
      ...this.#message(request, { until, timeoutMs }),
      signal,
      timeoutMs: timeoutMs ?? this.#limits.askTimeoutMs,
    })
  }

  terminate({ address, reason }: { address: Address; reason: string }): Promise<api.ReceiptReply> {
    return this.#whole('terminate', { address, body: { reason } })
  }

  quarantine({ address, reason }: { address: Address; reason: string }): Promise<api.ReceiptReply> {
    return this.#whole('quarantine', { address, body: { reason } })
  }

  release({ address }: { address: Address }): Promise<api.ReceiptReply> {
    return this.#whole('release', { address })
  }

  complete({ token, ...body }: api.CompleteRequest): Promise<api.ReceiptReply> {
    return this.#whole('complete', { id: token, body })
  }

  beat({ token, ...body }: { token: string; details?: unknown }): Promise<api.ReceiptReply> {
    return this.#whole('beat', { id: token, body })
  }

  select({ address, selector }: { address: Address; selector: string }): Promise<unknown> {
    return this.#field('select', { address, selector })
  }

  get({ address, atSeq }: { address: Address; atSeq?: number }): Promise<api.ActorView | undefined> {
    return this.#unlessNotFound(this.#field('get', { address, query: { atSeq } }), address)
  }

  history({ address, after, limit }: api.HistoryRequest): Promise<readonly JournalEntry[]> {
    return this.#field('history', { address, query: { after, limit } })
  }

  published({ address, after, limit }: api.PublishedRequest): Promise<api.PublishedPage> {
    return this.#whole('published', { address, query: { after, limit } })
  }

  changes({ address, after, ...opening }: api.FollowRequest & Opening): AsyncIterable<api.ActorView> {
    return this.#streamed('changes', { address, query: { after } }, 'change', opening)
  }

  events({ address, ...opening }: { address: Address } & Opening): AsyncIterable<ActorEvent> {
    return this.#streamed('events', { address }, 'emitted', opening)
  }

  list({ ...query }: api.ListRequest): Promise<readonly api.ListedView[]> {
    return this.#field('list', { query })
  }

  count({ ...query }: Omit<api.ListRequest, 'after' | 'limit'>): Promise<number> {
    return this.#field('count', { query })
  }

  deadLetters({ ...query }: { after?: string; limit?: number }): Promise<readonly api.DeadLetterView[]> {
    return this.#field('deadLetters', { query })
  }

  deadLetter({ id }: { id: string }): Promise<api.DeadLetterView | undefined> {
    return this.#unlessNotFound(this.#field('deadLetter', { id }))
  }

  retryDeadLetter({ id }: { id: string }): Promise<api.RetryReply> {
    return this.#whole('retryDeadLetter', { id })
  }

  dropDeadLetter({ id, reason }: { id: string; reason?: string }): Promise<api.ReceiptReply> {
    return this.#whole('dropDeadLetter', { id, ...(reason === undefined ? {} : { body: { reason } }) })
  }

  backup({ to }: { to: string }): Promise<api.BackupReply> {
    return this.#whole('backup', { body: { to }, timeoutMs: this.#limits.waitMsMax })
  }

  /** Ends all that is under way: it answers `Unavailable`. */
  close(): void {
    this.#connection.close()
  }

  #message(
    { address, event, id, start, delayMs, trace }: api.TellRequest,
    query: TargetParts['query'],
  ): Call {
    return {
      address,
      query: { ...query, delayMs, commandId: id },
      body: start === undefined ? event : { event, start },
      trace,
    }
  }

  /** A result whose fields stand beside `ok`. */
  async #whole<Result>(verb: Verb, call: Call = {}): Promise<Result> {
    const { ok: _, ...result } = await this.#call(verb, call)
    return result as Result
  }

  async #field<Result>(verb: Verb, call: Call): Promise<Result> {
    const { reply } = routes.find(route => route.verb === verb)!
    return (await this.#call(verb, call))[reply] as Result
  }

  async #call(verb: Verb, call: Call): Promise<Record<string, unknown>> {
    const { method } = routes.find(route => route.verb === verb)!
    const { body, trace, signal, timeoutMs = 0 } = call
    return answered(
      await this.#connection.request({
        method,
        path: targetOf(verb, call),
        headers: {
          accept: MSGPACK,
          ...(trace === undefined ? {} : { traceparent: trace }),
          ...(body === undefined ? {} : { 'content-type': MSGPACK }),
        },
        ...(body === undefined ? {} : { body: encode(body) }),
        ...(signal === undefined ? {} : { signal }),
        replyMsMax: timeoutMs + this.#limits.remoteReplyMsMax,
      }),
    )
  }

  async *#streamed<Item>(
    verb: Verb,
    call: Call,
    name: string,
    { signal, onOpen }: Opening,
  ): AsyncGenerator<Item> {
    const request = {
      method: 'GET',
      path: targetOf(verb, { ...call, query: { ...call.query, encoding: 'msgpack' } }),
      headers: { accept: 'text/event-stream' },
      ...(signal === undefined ? {} : { signal }),
    }
    try {
      yield* this.#received<Item>(await this.#connection.stream(request), name, onOpen)
    } catch (error) {
      // Whoever gave the signal has asked for the end, not for an error.
      if (signal?.aborted !== true) throw error
    }
  }

  async *#received<Item>(
    stream: WireStream,
    name: string,
    onOpen: (() => void) | undefined,
  ): AsyncGenerator<Item> {
    try {
      if (stream.status !== 200) answered({ ...stream, body: await this.#connection.whole(stream.chunks) })
      onOpen?.()
      // Bytes stand in base64 there.
      const charsMax = 2 * this.#limits.remoteReplyBytesMax
      for await (const { event, data } of serverEvents(stream.chunks, charsMax)) {
        const value = decode(Buffer.from(data, 'base64'))
        if (event === 'failed') throw errorIn(value)
        if (event === name) yield value as Item
      }
    } finally {
      stream.close()
    }
  }

  /** What never was is no failure here; a type that is not there is. */
  async #unlessNotFound<Result>(result: Promise<Result>, address?: Address): Promise<Result | undefined> {
    try {
      return await result
    } catch (error) {
      if (!(error instanceof PerdureError) || error.code !== 'NotFound' || error.actorId !== address)
        throw error
      // The actor is there, and its entry is not yet.
      if (error.details?.lastSeq !== undefined) throw error
      return undefined
    }
  }
}
