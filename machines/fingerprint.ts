/**
 * What a definition's structure hashes to. Functions count as being there, with the data they carry (an
 * `assign` names its fields, a `sendTo` its delay), not by their source: that may change without the
 * structure changing. Descriptions do not count.
 */
import { digest } from '../actors/digest.js'
import { isMachine } from './logic-kind.js'
import { sourceTag } from './source-tag.js'

/** 32 hex digits, the same in every process. */
export function fingerprint(definition: unknown): string {
  return digest(structure(definition, new Set()))
}

const FUNCTION = 'ƒ'

function structure(value: unknown, within: ReadonlySet<unknown>): unknown {
  if (typeof value === 'symbol') return String(value)
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return value
  if (within.has(value)) return '↺'
  const inside = new Set(within).add(value)
  if (isMachine(value))
    return structure({ config: value.config, implementations: value.implementations }, inside)
  const source = sourceTag(value)
  if (source !== undefined) return structure(source, inside)
  if (Array.isArray(value)) return value.map(item => structure(item, inside))
  if (value instanceof Date || value instanceof RegExp) return value
  if (value instanceof Map || value instanceof Set)
    return [value.constructor.name, structure([...value], inside)]
  const fields = Object.entries(value)
    .filter(([name]) => name !== 'description')
    .map(([name, item]) => [name, structure(item, inside)])
  if (typeof value !== 'function') return Object.fromEntries(fields)
  return fields.length === 0 ? FUNCTION : [FUNCTION, Object.fromEntries(fields)]
}
