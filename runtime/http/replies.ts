/** Answers as they are written: the body in the form that was asked for, never to be cached. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { encode, toReplyJson } from '../../actors/codec.js'
import { SetupError } from '../../actors/errors.js'
import { asTold, errorBody, type Told, untold } from '../../actors/told-error.js'
import { HttpRefusal } from './refusal.js'
import { MSGPACK } from './routes.js'
import { requestStatuses, setupStatuses } from './statuses.js'

export const SANE_HEADERS = {
  'cache-control': 'no-store, no-transform',
  'x-content-type-options': 'nosniff',
} as const

/** Seconds after which one who was turned away for want of room may come again. */
const RETRY_AFTER_S = '1'

export function reply(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  body: object,
  headers: Readonly<Record<string, string>> = {},
): void {
  const isPacked = wantsPacked(request)
  const bytes = isPacked ? encode(body) : Buffer.from(jsonText(body))
  send(response, status, bytes, {
    ...headers,
    vary: 'accept',
    'content-type': isPacked ? MSGPACK : JSON_TYPE,
  })
}

/** A document of a form of its own: no value of an actor, so nothing in it is tagged. */
export function replyDocument(response: ServerResponse, document: object): void {
  send(response, 200, Buffer.from(JSON.stringify(document)), { 'content-type': JSON_TYPE })
}

/** Metrics in Prometheus' text format, version 0.0.4. */
export function replyMetrics(response: ServerResponse, text: string): void {
  send(response, 200, Buffer.from(text), { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' })
}

const JSON_TYPE = 'application/json; charset=utf-8'

function send(
  response: ServerResponse,
  status: number,
  bytes: Uint8Array,
  headers: Readonly<Record<string, string>>,
): void {
  if (response.destroyed || response.writableEnded) return
  response.writeHead(status, { ...SANE_HEADERS, ...headers, 'content-length': bytes.length })
  response.end(bytes)
}

/** @param unexpected told of what no caller could have caused. */
export function replyError(
  request: IncomingMessage,
  response: ServerResponse,
  thrown: unknown,
  unexpected: (error: unknown) => void,
): void {
  const error = asTold(thrown)
  if (error === undefined) unexpected(thrown)
  const said = error ?? untold('the request')
  const status = error === undefined ? 500 : statusOf(error)
  const body = errorBody(said)
  const later: Record<string, string> =
    status === 503 && body.error.retryable ? { 'retry-after': RETRY_AFTER_S } : {}
  const own = error instanceof HttpRefusal ? error.headers : {}
  if (response.headersSent) response.destroy()
  else reply(request, response, status, body, { ...later, ...own })
}

function statusOf(error: Told): number {
  if (error instanceof HttpRefusal) return error.status
  return error instanceof SetupError ? setupStatuses[error.code] : requestStatuses[error.code]
}

/** JSON without the encoded states: bytes that only a client with the definition can read. */
export function jsonText(body: object): string {
  return toReplyJson(withoutState(body))
}

function withoutState(body: object): object {
  const shown: Record<string, unknown> = { ...body }
  if (shown.state instanceof Uint8Array) delete shown.state
  for (const field of ['actor', 'snapshot'] as const) {
    const view = shown[field]
    if (typeof view === 'object' && view !== null) shown[field] = withoutState(view)
  }
  return shown
}

function wantsPacked(request: IncomingMessage): boolean {
  return (request.headers.accept ?? '').toLowerCase().includes(MSGPACK)
}
