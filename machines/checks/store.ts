/**
 * What a store must be for its actors to be restored: serialisable first context, event types of its own.
 */
import * as codec from '../../actors/codec.js'
import { isReservedType } from '../reserved-events.js'
import { Problems } from './problems.js'

interface Parts {
  readonly context?: unknown
  readonly on?: unknown
  readonly transition?: unknown
  readonly createStore?: unknown
  readonly trigger?: object
  getInitialSnapshot?(): { readonly context: unknown }
}

/** @throws SetupError `InvalidDefinition` for what is no store, or none that can be restored. */
export function checkStore(type: string, store: unknown): void {
  const problems = new Problems(`store '${type}'`)
  const parts: Parts = typeof store === 'object' && store !== null ? store : {}
  if (parts.createStore !== undefined)
    problems.add('', 'createStoreLogic hides its config: give defineActor the config itself, { context, on }')
  else if (typeof parts.transition === 'function') checkOpened(parts, problems)
  else if (typeof parts.on !== 'object' || parts.on === null)
    problems.add('', 'expected createStore(…), or a config { context, on }')
  else {
    checkTransitions(parts.on as Record<string, unknown>, problems)
    if (typeof parts.context !== 'function') checkContext(parts.context, problems)
  }
  problems.assertNone()
}

function checkOpened(store: Parts, problems: Problems): void {
  const types = Object.keys(store.trigger ?? {})
  if (types.length === 0) problems.add('', 'declares no event types, so none could be told from a stranger')
  for (const each of types) checkType(each, problems)
  checkContext(store.getInitialSnapshot?.().context, problems)
}

function checkTransitions(on: Record<string, unknown>, problems: Problems): void {
  for (const [type, transition] of Object.entries(on)) {
    checkType(type, problems)
    if (typeof transition !== 'function')
      problems.add(`on '${type}'`, `expected a function, found ${typeof transition}`)
  }
}

function checkType(type: string, problems: Problems): void {
  if (isReservedType(type)) problems.add(`on '${type}'`, 'the type is reserved: nobody could send it')
}

function checkContext(context: unknown, problems: Problems): void {
  try {
    codec.encode(context)
  } catch (error) {
    problems.add('context', (error as Error).message)
  }
}
