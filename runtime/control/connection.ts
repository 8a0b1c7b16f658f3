/**
 * HTTP over the control socket of a data directory.
 *
 * Owns: connections, their number, what a broken one means. Does not own what is asked. Invariants: the socket
 * is looked for anew when it does not answer, so a runtime that was started again is found; every failure is
 * an `Unavailable` that says whether the request may have arrived.
 */
import { Agent, type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http'
import type { Clock } from '../../actors/clock.js'
import { OverloadedError, TooLargeError } from '../../actors/errors.js'
import type { Limits } from '../../actors/limits.js'
import { ConnectionLostError, NoSocketError, NotRunningError, SilentError } from './connection-errors.js'
import { livingHolder } from './holder.js'
import { findControl } from './places.js'

export interface WireRequest {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Uint8Array
  /** How long the whole answer may take. */
  readonly replyMsMax?: number
  readonly signal?: AbortSignal
}

export interface WireReply {
  readonly status: number
  readonly type: string
  readonly body: Uint8Array
}

export interface WireStream {
  readonly status: number
  readonly type: string
  readonly chunks: AsyncIterable<Uint8Array>
  readonly close: () => void
}

export class ControlConnection {
  readonly #directory: string
  readonly #clock: Clock
  readonly #limits: Limits
  readonly #agent: Agent
  /** Streams have connections of their own: they must not keep requests waiting. */
  readonly #streams = new Set<() => void>()
  readonly #requests = new Set<ClientRequest>()
  #closed = false

  constructor(directory: string, clock: Clock, limits: Limits) {
    this.#directory = directory
    this.#clock = clock
    this.#limits = limits
    this.#agent = new Agent({
      keepAlive: true,
      maxSockets: limits.remoteConnectionsMax,
      maxFreeSockets: limits.remoteConnectionsMax,
    })
  }

  /** @throws NotRunningError, ConnectionLostError, SilentError, TooLargeError; the signal's reason. */
  request(wire: WireRequest): Promise<WireReply> {
    const { replyMsMax = this.#limits.remoteReplyMsMax } = wire
    const { remoteConnectionsMax, remoteRequestsMax } = this.#limits
    return new Promise((resolve, reject) => {
      if (this.#requests.size >= remoteConnectionsMax + remoteRequestsMax)
        throw new OverloadedError('the requests of this client', this.#requests.size)
      const outgoing = this.#open(wire, this.#agent, reject)
      if (outgoing === undefined) return
      const cancel = this.#clock.after(replyMsMax, () =>
        outgoing.destroy(new SilentError(this.#directory, replyMsMax)),
      )
      this.#requests.add(outgoing)
      outgoing.once('close', () => {
        this.#requests.delete(outgoing)
        cancel()
      })
      outgoing.once('response', incoming => {
        this.whole(this.#chunks(incoming)).then(
          body => resolve({ status: incoming.statusCode ?? 0, type: typeOf(incoming), body }),
          error => reject(wire.signal?.aborted === true ? wire.signal.reason : error),
        )
      })
      outgoing.end(wire.body)
    })
  }

  /** Resolves when the other end has begun to answer. @throws as `request`, and OverloadedError */
  stream(wire: WireRequest): Promise<WireStream> {
    return new Promise((resolve, reject) => {
      if (this.#streams.size >= 2 * this.#limits.remoteStreamsMax)
        throw new OverloadedError('the streams of this client', this.#streams.size)
      const outgoing = this.#open(wire, false, reject)
      if (outgoing === undefined) return
      const { remoteReplyMsMax } = this.#limits
      const cancel = this.#clock.after(remoteReplyMsMax, () =>
        outgoing.destroy(new SilentError(this.#directory, remoteReplyMsMax)),
      )
      const close = () => void outgoing.destroy()
      this.#streams.add(close)
      outgoing.once('close', () => {
        cancel()
        this.#streams.delete(close)
      })
      outgoing.once('response', incoming => {
        cancel()
        const status = incoming.statusCode ?? 0
        resolve({ status, type: typeOf(incoming), chunks: this.#chunks(incoming), close })
      })
      outgoing.end(wire.body)
    })
  }

  /** Ends every request and stream. */
  close(): void {
    this.#closed = true
    for (const close of [...this.#streams]) close()
    for (const outgoing of [...this.#requests]) outgoing.destroy()
    this.#agent.destroy()
  }

  #open(
    wire: WireRequest,
    agent: Agent | false,
    reject: (error: unknown) => void,
  ): ClientRequest | undefined {
    const { method, path, headers, body, signal } = wire
    const socketPath = this.#closed ? undefined : findControl(this.#directory)
    if (socketPath === undefined) {
      reject(this.#notRunning())
      return undefined
    }
    const length = body === undefined ? {} : { 'content-length': String(body.length) }
    const outgoing = httpRequest({
      socketPath,
      method,
      path,
      headers: { host: 'perdure', ...headers, ...length },
      agent,
      ...(signal === undefined ? {} : { signal }),
    })
    outgoing.on('error', error => reject(signal?.aborted === true ? signal.reason : this.#meant(error)))
    return outgoing
  }

  /** All of an answer. @throws TooLargeError */
  async whole(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
    const { remoteReplyBytesMax } = this.#limits
    const read: Uint8Array[] = []
    let bytes = 0
    for await (const chunk of chunks) {
      bytes += chunk.length
      if (bytes > remoteReplyBytesMax)
        throw new TooLargeError(this.#directory, 'the answer of its runtime', bytes, remoteReplyBytesMax)
      read.push(chunk)
    }
    return Buffer.concat(read)
  }

  async *#chunks(incoming: IncomingMessage): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of incoming) yield chunk as Uint8Array
    } catch (error) {
      throw this.#meant(error)
    }
  }

  #notRunning(): NotRunningError {
    const holder = this.#closed ? undefined : livingHolder(this.#directory)
    return holder === undefined
      ? new NotRunningError(this.#directory)
      : new NoSocketError(this.#directory, holder.pid)
  }

  /** What a failure of the socket means to who asked. */
  #meant(error: unknown): unknown {
    const { code } = error as { code?: unknown }
    if (code === 'ENOENT' || code === 'ECONNREFUSED' || code === 'ENOTSOCK')
      return new NotRunningError(this.#directory)
    if (code === 'ECONNRESET' || code === 'EPIPE' || code === 'ERR_STREAM_PREMATURE_CLOSE')
      return new ConnectionLostError(this.#directory)
    if (code === 'EACCES' || code === 'EPERM')
      return new NotRunningError(this.#directory, 'its control socket is another user’s')
    return error
  }
}

function typeOf(incoming: IncomingMessage): string {
  return (
    String(incoming.headers['content-type'] ?? '')
      .split(';')[0]
      ?.trim() ?? ''
  )
}
