/**
 * How states, times and values are shown to people in a cell of a table.
 */
import { toJson } from '../../actors/codec.js'

/** A state's value as its leaves' paths: `charging`, `approval.waiting`, `payment.done shipping.open`. */
export function shownState(value: unknown): string {
  return leaves(value).join(' ') || '-'
}

/** `2026-11-21 11:29:04Z`; `-` for what has no time. */
export function shownTime(at: number | undefined): string {
  if (at === undefined || !Number.isFinite(at)) return '-'
  return `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')}Z`
}

/** A value as JSON in one line, cut where it gets long; the whole is what --json prints. */
export function shownValue(value: unknown, charsMax = 100): string {
  if (value === undefined) return ''
  const text = toJson(value)
  return text.length <= charsMax ? text : `${text.slice(0, charsMax - 1)}…`
}

function leaves(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, below]) => {
    const deeper = leaves(below)
    return deeper.length === 0 ? [key] : deeper.map(path => `${key}.${path}`)
  })
}
