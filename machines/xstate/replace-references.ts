/**
 * Puts references in place of the live actors that `spawn()` handed to user code, wherever it put them: in
 * the context, an event, an input. Copies what it changes and nothing else.
 */
import { limits } from '../../actors/limits.js'

/** Answers the replacement for a value, or undefined to leave it. */
export type Replacement = (value: object) => object | undefined

export function replaceReferences<Value>(value: Value, replacement: Replacement): Value {
  return replaced(value, replacement, 0) as Value
}

function replaced(value: unknown, by: Replacement, depth: number): unknown {
  // Deeper values are refused when they are stored: a cycle ends here too.
  if (typeof value !== 'object' || value === null || depth > limits.payloadDepthMax) return value
  const found = by(value)
  if (found !== undefined) return found
  if (Array.isArray(value)) return replacedArray(value, by, depth)
  if (value instanceof Map) {
    const entries = [...value]
    const next = replacedArray(entries, by, depth)
    return next === entries ? value : new Map(next as [unknown, unknown][])
  }
  if (value instanceof Set) {
    const items = [...value]
    const next = replacedArray(items, by, depth)
    return next === items ? value : new Set(next)
  }
  const prototype = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return value
  return replacedFields(value as Record<string, unknown>, by, depth)
}

function replacedArray(items: unknown[], by: Replacement, depth: number): unknown[] {
  let copied: unknown[] | undefined
  for (let index = 0; index < items.length; index++) {
    const next = replaced(items[index], by, depth + 1)
    if (next === items[index]) continue
    copied ??= [...items]
    copied[index] = next
  }
  return copied ?? items
}

function replacedFields(fields: Record<string, unknown>, by: Replacement, depth: number): unknown {
  let copied: Record<string, unknown> | undefined
  for (const key of Object.keys(fields)) {
    const next = replaced(fields[key], by, depth + 1)
    if (next === fields[key]) continue
    copied ??= { ...fields }
    copied[key] = next
  }
  return copied ?? fields
}
