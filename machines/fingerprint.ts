/**
 * What a definition's structure hashes to. Functions count as being there, with the data they carry (an
 * `assign` names its fields, a `sendTo` its delay), not by their source: that may change without the
 * structure changing. Descriptions do not count. A second hash takes the sources in.
 */
import { digest } from '../actors/digest.js'
import { isMachine } from './logic-kind.js'
import { sourceTag } from './source-tag.js'

/** 32 hex digits, the same in every process. */
export function fingerprint(definition: unknown): string {
  return digest(structure(definition, new Set(), () => FUNCTION))
}

/** The same, with what functions say. Another build of the same code may give another. */
export function sourcesFingerprint(definition: unknown): string {
  return digest(structure(definition, new Set(), code => Function.prototype.toString.call(code)))
}

const FUNCTION = 'ƒ'

type ShowFunction = (code: (...args: never[]) => unknown) => string

function structure(value: unknown, within: ReadonlySet<unknown>, show: ShowFunction): unknown {
  if (typeof value === 'symbol') return String(value)
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return value
  if (within.has(value)) return '↺'
  const inside = new Set(within).add(value)
  if (isMachine(value))
    return structure({ config: value.config, implementations: value.implementations }, inside, show)
  const source = sourceTag(value)
  if (source !== undefined) return structure(source, inside, show)
  if (Array.isArray(value)) return value.map(item => structure(item, inside, show))
  if (value instanceof Date || value instanceof RegExp) return value
  if (value instanceof Map || value instanceof Set)
    return [value.constructor.name, structure([...value], inside, show)]
  const fields = Object.entries(value)
    .filter(([name]) => name !== 'description')
    .map(([name, item]) => [name, structure(item, inside, show)])
  if (typeof value !== 'function') return Object.fromEntries(fields)
  const shown = show(value as Parameters<ShowFunction>[0])
  return fields.length === 0 ? shown : [shown, Object.fromEntries(fields)]
}
