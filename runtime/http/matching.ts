/** Which route a request means. */
import { HttpRefusal } from './refusal.js'
import { HEALTH_PATH, METRICS_PATH, OPENAPI_PATH, READY_PATH, type Route, routes } from './routes.js'
import { decoded } from './target.js'

/** What is found here beside the verbs of `Api`. */
type Document = 'openapi' | 'metrics' | 'healthz' | 'readyz'

export interface Matched {
  readonly route: Route | Document
  /** The path's parameters, decoded. */
  readonly params: Readonly<Record<string, string>>
}

const DOCUMENTS: ReadonlyMap<string, Document> = new Map([
  [OPENAPI_PATH, 'openapi'],
  [METRICS_PATH, 'metrics'],
  [HEALTH_PATH, 'healthz'],
  [READY_PATH, 'readyz'],
])

/** What a path leads to: a way for each method. */
export interface Place {
  /** Methods there are, `HEAD` and `OPTIONS` among them. */
  readonly allow: string
  /** @throws HttpRefusal 405 */
  take(method: string): Matched
}

/** @throws HttpRefusal 404 naming what there is; 400 for a segment that is not well-formed. */
export function placeOf(path: string, isLocal: boolean): Place {
  const segments = path.split('/').filter((segment, index, all) => segment !== '' || inside(index, all))
  const here = isLocal ? routes : routes.filter(route => route.open === 'everywhere')
  const found = here.filter(route => fits(route.path, segments))
  const document = DOCUMENTS.get(path)
  if (found.length === 0 && document === undefined) {
    const places = [...DOCUMENTS.keys()].map(one => `GET ${one}`)
    const known = [...here.map(route => `${route.method} ${route.path}`), ...places]
    throw new HttpRefusal(404, `there is nothing at '${path}': expected one of ${known.join(', ')}`, {
      path,
      known,
    })
  }
  const methods = new Set(document === undefined ? found.map(route => route.method) : ['GET'])
  if (methods.has('GET')) methods.add('HEAD')
  const allow = [...methods, 'OPTIONS'].join(', ')
  return {
    allow,
    take(method) {
      const asked = method === 'HEAD' ? 'GET' : method
      if (document !== undefined && asked === 'GET') return { route: document, params: {} }
      const route = found.find(one => one.method === asked)
      if (route === undefined)
        throw new HttpRefusal(
          405,
          `'${path}' takes ${allow}, not ${method}`,
          { path, allow, method },
          { allow },
        )
      return { route, params: paramsOf(route.path, segments) }
    },
  }
}

/** An empty segment in the middle is one that is missing; at the ends it is only a slash. */
function inside(index: number, all: readonly string[]): boolean {
  return index > 0 && index < all.length - 1
}

function fits(template: string, segments: readonly string[]): boolean {
  const parts = template.split('/').filter(part => part !== '')
  return (
    parts.length === segments.length &&
    parts.every((part, index) => (part.startsWith(':') ? segments[index] !== '' : part === segments[index]))
  )
}

function paramsOf(template: string, segments: readonly string[]): Record<string, string> {
  const parts = template.split('/').filter(part => part !== '')
  return Object.fromEntries(
    parts.flatMap((part, index) =>
      part.startsWith(':') ? [[part.slice(1), decoded(part.slice(1), segments[index]!)]] : [],
    ),
  )
}
