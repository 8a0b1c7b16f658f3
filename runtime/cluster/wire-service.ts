/**
 * Answers to public requests: `Api` in the words of the wire protocol (docs/wire-protocol.md), as JSON or MessagePack.
 *
 * Invariants: an answer fits one message, since clients of NATS know no parts: of a history it holds fewer entries, of
 * an ask that was applied the receipt without the state. Answers hold no encoded states, which only our code can read.
 */

import type { Clock } from '../../actors/clock.js'
import { encode, toErrorValue, toReplyJson } from '../../actors/codec.js'
import type { Command } from '../../actors/command.js'
import type { JournalEntry } from '../../actors/commit.js'
import { InvalidEventError, NoStateError, TimeoutError, TooLargeError } from '../../actors/errors.js'
import type { Limits } from '../../actors/limits.js'
import { asTold, errorBody, untold } from '../../actors/told-error.js'
import {
  type Answerer,
  type PublicAnswer,
  type PublicMessage,
  type PublicRequest,
  readRequest,
} from '../../cluster/index.js'
import type { ActorView, Api, AskReply, CompleteRequest, ReceiptReply } from '../api/api.js'
import { Reconnecting } from '../client/remote/reconnecting.js'
import { MSGPACK } from '../http/routes.js'
import { requestStatuses, setupStatuses } from '../http/statuses.js'
import type { HostLogger } from '../shard-host-options.js'

export interface WireServiceSite {
  readonly api: Api
  /** Of the cluster. */
  readonly name: string
  readonly clock: Clock
  readonly limits: Limits
  readonly logger: HostLogger
  /** Bytes that a message may have, headers included; asked each time, for a reconnection may change it. */
  answerBytesMax(): number
  mintId(): string
}

type Asked<Verb extends PublicRequest['verb']> = PublicRequest extends infer One
  ? One extends { verb: infer Of }
    ? Verb extends Of
      ? One
      : never
    : never
  : never

type Write = (answer: object) => Uint8Array

const JSON_TYPE = 'application/json'

export class WireService implements Answerer {
  readonly #site: WireServiceSite

  constructor(site: WireServiceSite) {
    this.#site = site
  }

  async answer(message: PublicMessage): Promise<PublicAnswer> {
    const { type, write } = formOf(message)
    try {
      const { name, limits } = this.#site
      const request = readRequest(message, { name, limits })
      return { body: await this.#answered(request, write), contentType: type }
    } catch (error) {
      return this.refuse(message, error)
    }
  }

  refuse(message: PublicMessage, thrown: unknown): PublicAnswer {
    const { type, write } = formOf(message)
    const told = asTold(thrown)
    if (told === undefined)
      this.#site.logger.error({ error: toErrorValue(thrown), subject: message.subject }, 'a request failed')
    const error = told ?? untold('the request')
    const { code } = error
    const status = { ...requestStatuses, ...setupStatuses }[code]
    return { body: write(errorBody(error)), contentType: type, error: { status, code } }
  }

  #answered(request: PublicRequest, write: Write): Promise<Uint8Array> {
    if (request.verb === 'ask') return this.#asked(request, write)
    if (request.verb === 'get') return this.#got(request, write)
    return request.verb === 'history' ? this.#history(request, write) : this.#told(request, write)
  }

  /** Said twice it counts once: tried again after an answer that was lost, it is answered as the first time. */
  async #told({ verb, token, fields }: Asked<'done'>, write: Write): Promise<Uint8Array> {
    const { api } = this.#site
    const { output, error, details } = fields as Omit<CompleteRequest, 'token'> & { details?: unknown }
    const result = {
      ...(output === undefined ? {} : { output }),
      ...(error === undefined ? {} : { error }),
    }
    const receipt = await this.#lasting(undefined, () =>
      verb === 'done'
        ? api.complete({ token, ...result })
        : api.beat({ token, ...(details === undefined ? {} : { details }) }),
    )
    return write({ ok: true, ...receipt })
  }

  /** A shard whose owner is gone has another soon. */
  #lasting<Result>(waitMs: number | undefined, request: () => Promise<Result>): Promise<Result> {
    const { clock, limits } = this.#site
    const remoteAwayMsMax = Math.min(waitMs ?? limits.askTimeoutMs, limits.remoteAwayMsMax)
    return new Reconnecting(clock, { ...limits, remoteAwayMsMax }).lasting(request)
  }

  /** Every try gives the command the same id, so it is applied once; a duplicate is one that came before all of them. */
  async #asked({ command, isNamed, ...waiting }: Asked<'ask'>, write: Write): Promise<Uint8Array> {
    const id = isNamed ? command.commandId : this.#site.mintId()
    let tries = 0
    const last = await this.#lasting(waiting.timeoutMs, () => {
      tries++
      return this.#submitted({ ...command, commandId: id }, waiting)
    })
    const reply = { ...last, duplicate: last.duplicate && tries === 1 }
    if (!('snapshot' in reply)) return write({ ok: true, ...reply })
    const { snapshot, ...receipt } = reply
    const whole = write({ ok: true, ...receipt, snapshot: shown(snapshot) })
    return this.#fits(whole) ? whole : write({ ok: true, ...receipt, snapshotBytes: whole.length })
  }

  #submitted(
    command: Command,
    { until, timeoutMs }: Omit<Asked<'ask'>, 'command' | 'isNamed'>,
  ): Promise<AskReply | ReceiptReply> {
    const { api } = this.#site
    const { target: address, commandId: id, trace } = command
    const common = {
      address,
      id,
      ...(trace === undefined ? {} : { trace }),
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    }
    if (command.kind === 'start') return api.start({ ...common, input: command.input })
    if (command.kind === 'operator' && command.order.type === 'terminate')
      return api.terminate({ address, reason: command.order.reason })
    if (command.kind !== 'message')
      throw new InvalidEventError(address, 'a command from outside', `one of kind '${command.kind}'`)
    const { event, start, delayMs } = command
    return api.ask({
      ...common,
      event,
      ...(start === undefined ? {} : { start }),
      ...(delayMs === undefined ? {} : { delayMs }),
      ...(until === undefined ? {} : { until }),
    })
  }

  async #got(request: Asked<'get'>, write: Write): Promise<Uint8Array> {
    const { address, atSeq } = request
    const view = await this.#lasting(request.timeoutMs, () => this.#view(request))
    if (view === undefined) throw new NoStateError(address, atSeq)
    const body = write({ ok: true, snapshot: shown(view) })
    if (this.#fits(body)) return body
    throw new TooLargeError(address, 'its state, written down,', body.length, this.#site.answerBytesMax())
  }

  /** Once its history has got to `after`. */
  async #view({ address, after, atSeq, timeoutMs }: Asked<'get'>): Promise<ActorView | undefined> {
    const { api, clock, limits } = this.#site
    const now = await api.get({ address, ...(atSeq === undefined ? {} : { atSeq }) })
    if (after === undefined || atSeq !== undefined || (now?.seq ?? 0) >= after) return now
    const waitMs = timeoutMs ?? limits.askTimeoutMs
    const ending = new AbortController()
    const cancel = clock.after(waitMs, () => ending.abort())
    try {
      for await (const view of api.changes({ address, after: now?.seq ?? 0, signal: ending.signal }))
        if (view.seq >= after) return view
    } finally {
      cancel()
      ending.abort()
    }
    throw new TimeoutError(address, `entry ${after}`, waitMs)
  }

  async #history({ verb: _, ...request }: Asked<'history'>, write: Write): Promise<Uint8Array> {
    let entries = await this.#lasting(undefined, () => this.#site.api.history(request))
    for (;;) {
      const body = write(page(entries))
      if (this.#fits(body)) return body
      if (entries.length === 1)
        throw new TooLargeError(
          request.address,
          `its entry ${entries[0]?.seq}, written down,`,
          body.length,
          this.#site.answerBytesMax(),
        )
      entries = entries.slice(0, Math.ceil(entries.length / 2))
    }
  }

  #fits(body: Uint8Array): boolean {
    return body.length <= this.#site.answerBytesMax()
  }
}

/** `next` is the `after` of the page that follows; a page without entries is past the end. */
function page(entries: readonly JournalEntry[]): object {
  const last = entries.at(-1)
  return { ok: true, entries, ...(last === undefined ? {} : { next: last.seq }) }
}

function shown({ state: _, ...view }: ActorView): Omit<ActorView, 'state'> {
  return view
}

/** An answer is written as the request was; what was written in no way of ours is answered in JSON. */
function formOf({ headers }: PublicMessage): { readonly type: string; readonly write: Write } {
  for (const [name, [value = '']] of headers ?? [])
    if (name.toLowerCase() === 'content-type' && value.toLowerCase().startsWith(MSGPACK))
      return { type: MSGPACK, write: encode }
  return { type: JSON_TYPE, write: answer => Buffer.from(toReplyJson(answer)) }
}
