/**
 * What an inspector is asked to show, to whom, and what of it nobody may see.
 */
import type { Address } from '../../actors/address.js'
import { rootOf } from '../../actors/address.js'
import type { ActorEvent } from '../../actors/command.js'
import { SetupError } from '../../actors/errors.js'
import type { Limits } from '../../actors/limits.js'
import type { ActorStatus } from '../../actors/logic.js'

export interface InspectOptions {
  /** Which actors, by id (`order/o-1`) or by query; at most `limits.inspectActorsMax` at once, children besides. */
  readonly actors: readonly (string | InspectQuery)[]
  /** Port of the inspector's own server; 0 for a free one; 8080, where Stately's tools look, when absent. */
  readonly port?: number
  /** The address it listens on; 127.0.0.1 when absent. Whoever reaches another one sees what is shown. */
  readonly host?: string
  /** WebSocket of an inspector elsewhere (`ws://localhost:8080`) to report to, instead of a server of its own. */
  readonly url?: string
  /** Origins of web pages that may listen, besides pages on this machine and stately.ai; `'null'` is that of a file. */
  readonly origins?: readonly string[]
  /** Entries of each actor that a late viewer is shown before the present; 20 when absent. */
  readonly history?: number
  /** Names of fields whose values are shown as `[redacted]`, wherever they are. */
  readonly redact?: readonly string[]
  /** What is shown of a context. One that throws shows nothing. */
  readonly sanitizeContext?: (context: unknown, address: Address) => unknown
  /** What is shown of an event: of those that carry inputs, outputs and errors too. One that throws shows its type. */
  readonly sanitizeEvent?: (event: ActorEvent, address: Address) => ActorEvent
}

export interface InspectQuery {
  readonly type: string
  /** A state's path, `a.b`: fits it and what is below it. An actor that once fitted stays. */
  readonly state?: string
  readonly tag?: string
  readonly status?: ActorStatus
}

/** The options, whole and checked. */
export interface Inspection {
  readonly ids: readonly Address[]
  readonly queries: readonly InspectQuery[]
  readonly history: number
  readonly redact: ReadonlySet<string>
  readonly sanitizeContext: (context: unknown, address: Address) => unknown
  readonly sanitizeEvent: (event: ActorEvent, address: Address) => ActorEvent
}

/** @throws SetupError `InvalidDefinition` for actors of an unknown type, or more than may be shown. */
export function inspectionOf(options: InspectOptions, types: readonly string[], limits: Limits): Inspection {
  const { actors, history = 20, redact = [] } = options
  const ids = actors.filter(one => typeof one === 'string')
  const queries = actors.filter(one => typeof one !== 'string')
  if (actors.length === 0) throw refused('actors', 'at least one id or query', 'none')
  if (ids.length > limits.inspectActorsMax)
    throw refused('actors', `at most ${limits.inspectActorsMax} ids`, String(ids.length))
  for (const id of ids)
    if (!/^[^/]+\/[^/]+$/.test(id)) throw refused('actors', "an id like 'order/o-1'", `'${id}'`)
  for (const type of [...ids.map(id => rootOf(id).split('/')[0]!), ...queries.map(query => query.type)])
    if (!types.includes(type)) throw refused('actors', `a type of ${types.join(', ')}`, `'${type}'`)
  if (!Number.isInteger(history) || history < 0 || history > limits.inspectHistoryMax)
    throw refused('history', `a number from 0 to ${limits.inspectHistoryMax}`, String(history))
  return {
    ids,
    queries,
    history,
    redact: new Set(redact),
    sanitizeContext: options.sanitizeContext ?? (context => context),
    sanitizeEvent: options.sanitizeEvent ?? (event => event),
  }
}

function refused(what: string, expected: string, found: string): SetupError {
  return new SetupError('InvalidDefinition', `inspect.${what}: expected ${expected}, found ${found}`, {
    what,
    expected,
    found,
  })
}
