/**
 * The HTTP door: `Api` for any Node server, as one function. It reads `request.url` as given, so a router that
 * takes a prefix off mounts it anywhere. It lets in whoever reaches it: authentication is the business of what
 * stands before it.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Clock } from '../../actors/clock.js'
import { toErrorValue } from '../../actors/codec.js'
import { type PerdureError, UnavailableError } from '../../actors/errors.js'
import type { Limits } from '../../actors/limits.js'
import type { ActorView, Api } from '../api/api.js'
import { bodyOf } from './body.js'
import { calls } from './calls.js'
import { type Matched, placeOf } from './matching.js'
import { openApiDocument } from './openapi.js'
import { commandNames, type Parameters, parametersOf, resumeAfter } from './parameters.js'
import { HttpRefusal } from './refusal.js'
import { reply, replyDocument, replyError, replyMetrics, SANE_HEADERS } from './replies.js'
import type { Route } from './routes.js'
import { type StreamSite, stream } from './stream.js'
import { addressIn } from './target.js'

export interface HandlerSite {
  readonly clock: Clock
  readonly limits: Limits
  /** Told once, when what the API stands for has ended; the answer ends the telling. */
  onEnd(listener: (error: PerdureError) => void): () => void
  readonly logger: { error(facts: object, message: string): void }
  /** Metrics in Prometheus' text format. @throws UnavailableError where none are kept */
  metrics?(): Promise<string>
  /** How it is now; well when absent. */
  health?(): Health
}

/** Why it is not well, where it is not. */
export interface Health {
  /** Only another start mends it. */
  readonly ill?: string
  /** It had better not be asked now; it may pass. */
  readonly unready?: string
}

export function metricsOff(): UnavailableError {
  return new UnavailableError('metrics are off: createRuntime({ metrics: true })', undefined, false)
}

export interface HandlerOptions extends HandlerSite {
  /** Whether callers may name places on this machine: for a door that only its owner reaches. */
  readonly isLocal?: boolean
}

export type HttpHandler = (request: IncomingMessage, response: ServerResponse) => void

export function httpHandler(api: Api, options: HandlerOptions): HttpHandler {
  const unexpected = (error: unknown) =>
    options.logger.error({ error: toErrorValue(error) }, 'an HTTP request failed unexpectedly')
  const site = { ...options, unexpected }
  return (request, response) => {
    response.on('error', () => response.destroy())
    answer(api, request, response, site).catch(error => {
      // Whoever has gone is told nothing, and is no failure of ours.
      if (response.destroyed) return
      // One that we stopped reading is destroyed too, and its sender still waits to hear why.
      if (request.destroyed && !request.complete && !(error instanceof HttpRefusal)) return
      replyError(request, response, error, unexpected)
    })
  }
}

type Site = HandlerOptions & StreamSite

async function answer(
  api: Api,
  request: IncomingMessage,
  response: ServerResponse,
  site: Site,
): Promise<void> {
  const { method = 'GET' } = request
  const { path, search } = targetIn(request.url ?? '/')
  const place = placeOf(path, site.isLocal === true)
  if (method === 'OPTIONS') {
    response.writeHead(204, { ...SANE_HEADERS, allow: place.allow }).end()
    return
  }
  const { route, params } = place.take(method)
  if (route === 'openapi') return replyDocument(response, openApiDocument(await api.describe()))
  if (route === 'metrics') return replyMetrics(response, await metricsOf(site))
  if (route === 'healthz' || route === 'readyz')
    return reply(request, response, 200, { ok: true, status: wellBeing(route, site) })
  const query = parametersOf(search, route.query)
  const gone = new AbortController()
  response.once('close', () => gone.abort(new UnavailableError('nobody waits for the answer any more')))
  const asked = {
    request,
    response,
    route,
    query,
    address: addressOfRoute(params, query),
    signal: gone.signal,
  }
  if (route.content === 'stream') return openStream(api, asked, site)
  return answerOnce(api, asked, params, site)
}

/** @throws UnavailableError where it is not: retryable, when that may pass. */
function wellBeing(route: 'healthz' | 'readyz', site: Site): string {
  const { ill, unready } = site.health?.() ?? {}
  if (ill !== undefined) throw new UnavailableError(ill, undefined, false)
  if (route === 'healthz') return 'healthy'
  if (unready !== undefined) throw new UnavailableError(unready)
  return 'ready'
}

function metricsOf(site: Site): Promise<string> {
  if (site.metrics === undefined) throw new UnavailableError('no metrics are kept here', undefined, false)
  return site.metrics()
}

interface Asked {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly route: Route
  readonly query: Parameters
  readonly address: string
  readonly signal: AbortSignal
}

async function answerOnce(
  api: Api,
  { request, response, route, query, address, signal }: Asked,
  params: Matched['params'],
  { limits }: Site,
): Promise<void> {
  const body = route.body === 'none' ? undefined : await bodyOf(request, limits)
  const result = await calls[route.verb as keyof typeof calls](api, {
    address,
    name: params.id ?? params.selector ?? '',
    query,
    body,
    command: commandNames(request.headers, query),
    signal,
  })
  const status = route.verb === 'start' && (result as { created: boolean }).created ? 201 : 200
  const shown = route.reply === 'whole' ? (result as object) : { [route.reply]: result }
  reply(request, response, status, { ok: true, ...shown })
}

async function openStream(api: Api, asked: Asked, site: Site): Promise<void> {
  const { request, response, route, query, address, signal } = asked
  const isPacked = query.encoding === 'msgpack'
  if (route.verb === 'events')
    return stream(request, response, api.events({ address, signal }), { event: 'emitted', isPacked }, site)
  const after = resumeAfter(request.headers, query.after)
  const changes = api.changes({ address, signal, ...(after === undefined ? {} : { after }) })
  const id = (view: ActorView) => view.seq
  return stream(request, response, changes, { event: 'change', id, isPacked }, site)
}

function addressOfRoute({ type, key }: Matched['params'], { child }: Parameters): string {
  return type === undefined || key === undefined ? '' : addressIn(type, key, child)
}

/** Path and query as they were sent. Not through `URL`, which takes `%2E%2E` for a step up. */
function targetIn(url: string): { path: string; search: string } {
  const target = url.startsWith('/') ? url : url.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, '')
  const end = target.indexOf('?')
  const path = end === -1 ? target : target.slice(0, end)
  return { path: path.startsWith('/') ? path : `/${path}`, search: end === -1 ? '' : target.slice(end + 1) }
}
