/** The HTTP door as an OpenAPI 3.1 document, made of the table of routes and of what runs here. */
import type { Description } from '../api/api.js'
import { parameters, pathParameters, schemas } from './openapi-schemas.js'
import { MSGPACK, type Route, routes } from './routes.js'

/** Of the routes that are open everywhere; the local ones are nobody else's. */
export function openApiDocument({ perdure, types }: Description): object {
  const open = routes.filter(route => route.open === 'everywhere')
  const paths: Record<string, Record<string, object>> = {}
  for (const route of open) {
    const path = route.path.replace(/:(\w+)/g, '{$1}')
    paths[path] ??= {}
    paths[path][route.method.toLowerCase()] = operation(route, types)
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Perdure',
      version: perdure,
      description:
        'Persistent actors: start them, send them events, read their states and histories. ' +
        'Authentication is that of the server this is mounted in.',
    },
    // Where this document lies is where the paths begin, whatever prefix it is mounted under.
    servers: [{ url: '.' }],
    paths,
    components: { schemas, responses: { failure: failure() } },
  }
}

function operation(route: Route, types: Description['types']) {
  const named = [...route.path.matchAll(/:(\w+)/g)].map(([, name]) => pathParameters(name!, types))
  const asked = route.query.map(name => parameters[name])
  const commands = route.query.includes('commandId') ? [IDEMPOTENCY_KEY, TRACEPARENT] : []
  const resumed = route.verb === 'changes' ? [LAST_EVENT_ID] : []
  return {
    operationId: route.verb,
    summary: route.summary,
    parameters: [...named, ...asked, ...commands, ...resumed],
    ...(route.body === 'none' ? {} : { requestBody: requestBody(route) }),
    responses: {
      ...successes(route),
      default: { $ref: '#/components/responses/failure' },
    },
  }
}

const IDEMPOTENCY_KEY = header(
  'Idempotency-Key',
  'Names the command within its actor: the same again is answered, not applied. Minted when absent.',
)
const TRACEPARENT = header('traceparent', 'W3C trace context the command goes on with.')
const LAST_EVENT_ID = header('Last-Event-ID', 'The seq of the last state seen; the stream goes on after it.')

function header(name: string, description: string) {
  return { name, in: 'header', required: false, description, schema: { type: 'string' } }
}

function requestBody({ body }: Route) {
  const schema = { $ref: `#/components/schemas/${body}Body` }
  return {
    required: body !== 'drop' && body !== 'beat',
    content: { 'application/json': { schema }, [MSGPACK]: { schema } },
  }
}

function successes(route: Route) {
  if (route.content === 'stream') {
    const item = route.verb === 'changes' ? 'ActorView' : 'Event'
    return {
      200: {
        description: `Server-sent events, without end; each one's data: ${item}.`,
        content: { 'text/event-stream': { schema: { type: 'string' } } },
      },
    }
  }
  const schema = { $ref: `#/components/schemas/${route.verb}Reply` }
  const content = { 'application/json': { schema }, [MSGPACK]: { schema } }
  const found = { 200: { description: 'Done.', content } }
  return route.success === 201 ? { ...found, 201: { description: 'Born by this request.', content } } : found
}

function failure() {
  const schema = { $ref: '#/components/schemas/Failure' }
  return {
    description:
      'Refused or failed, nothing half done. 400 InvalidEvent · 404 NotFound · 405, 413, 415 InvalidEvent · ' +
      '409 AlreadyExists, IdConflict, NotHandled · 422 StepFailed · 503 Overloaded, Unavailable · 504 Timeout · ' +
      '500, 507 Journal…: the journal is damaged or full',
    content: { 'application/json': { schema }, [MSGPACK]: { schema } },
  }
}
