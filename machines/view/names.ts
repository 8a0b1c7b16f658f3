/**
 * How actions, guards and sources of a machine are called where only text is possible. What has a name keeps
 * it; what is XState's own says what it does, as far as its data tells; a function of the user's is called
 * by its own name. Names are for people: two different inline functions may share one.
 */

/** An action or a guard by name, as a config in JSON has it. */
export interface Named {
  readonly type: string
  readonly params?: unknown
}

/** An action or a guard as a config has it: a name, an object with one, or a function. */
export function namedAction(action: unknown): Named {
  return named(action, builtinName)
}

export function namedGuard(guard: unknown): Named {
  return named(guard, combinedName)
}

function named(part: unknown, ownName: (part: Fields) => string | undefined): Named {
  if (typeof part === 'string') return { type: part }
  if (typeof part === 'function') return { type: ownName(part as unknown as Fields) ?? functionName(part) }
  const { type, params } = part as Fields
  const shown = plain(params)
  return { type: String(type), ...(shown === undefined ? {} : { params: shown }) }
}

/** What a function of XState's carries. */
type Fields = Readonly<Record<string, unknown>>

/** Names that a function gets from the place it stands in say nothing. */
const PLACES = new Set(['', 'actions', 'entry', 'exit', 'guard', 'guards', 'anonymous'])

function functionName(part: { readonly name: string }): string {
  return PLACES.has(part.name) ? 'inline' : part.name
}

/** What an action that XState's creators made does: `assign(a, b)`, `raise(NEXT)`, `sendTo(child, GO)`. */
function builtinName(action: Fields): string | undefined {
  const { type, event, id, delay } = action
  if (typeof type !== 'string' || !type.startsWith('xstate.')) return undefined
  const kind = type.slice('xstate.'.length)
  const eventName = (event as Fields | undefined)?.type
  const said = (...parts: unknown[]) => {
    const known = parts.filter(part => typeof part === 'string' || typeof part === 'number')
    const later = typeof delay === 'string' || typeof delay === 'number' ? ` after ${delay}` : ''
    return `${kind}${known.length === 0 ? '' : `(${known.join(', ')})`}${later}`
  }
  switch (kind) {
    case 'assign':
      return typeof action.assignment === 'object' ? said(...Object.keys(action.assignment as object)) : kind
    case 'sendTo':
      return action.to === '#_parent'
        ? `sendParent${said(eventName).slice(kind.length)}`
        : said(action.to, eventName)
    case 'spawnChild':
      return said(action.src, id)
    case 'cancel':
      return said(action.sendId)
    case 'stopChild':
      return said(action.actorRef)
    default:
      return said(eventName)
  }
}

/** `and`, `or`, `not` and `stateIn`, in the signs of a condition. */
function combinedName(guard: Fields): string | undefined {
  const { name, guards, stateValue } = guard
  if (name === 'stateIn' && stateValue !== undefined)
    return `in ${typeof stateValue === 'string' ? stateValue : JSON.stringify(stateValue)}`
  if (!Array.isArray(guards)) return undefined
  const parts = guards.map(one => {
    const text = namedGuard(one).type
    return guards.length > 1 && / (&&|\|\|) /.test(text) ? `(${text})` : text
  })
  if (name === 'not') return / /.test(parts[0] ?? '') ? `!(${parts[0]})` : `!${parts[0]}`
  return parts.join(name === 'or' ? ' || ' : ' && ')
}

/** The part of a value that JSON has room for; undefined for a function, or what cannot be written. */
export function plain(value: unknown): unknown {
  if (typeof value === 'function' || value === undefined) return undefined
  try {
    return JSON.parse(JSON.stringify(value) ?? 'null')
  } catch {
    return undefined
  }
}

export function listOf(value: unknown): readonly unknown[] {
  if (value === undefined) return []
  return Array.isArray(value) ? value : [value]
}
