/**
 * Small records, copied with a change. Built key by key: in V8 that is ten times as fast as a spread with a
 * key that is computed, or a `delete`.
 */
import { setOwn } from '../../actors/special.js'

type Entries<Value> = Readonly<Record<string, Value>>

export function withEntry<Value>(record: Entries<Value>, key: string, value: Value): Record<string, Value> {
  const next = copied(record)
  setOwn(next, key, value)
  return next
}

export function withoutEntry<Value>(record: Entries<Value>, key: string): Record<string, Value> {
  const next: Record<string, Value> = {}
  for (const each in record) if (each !== key) setOwn(next, each, record[each])
  return next
}

/** Entries of `changes` come after, or in place of those of `record`. */
export function merged<Value>(record: Entries<Value>, changes: Entries<Value>): Record<string, Value> {
  const next = copied(record)
  for (const each in changes) setOwn(next, each, changes[each])
  return next
}

function copied<Value>(record: Entries<Value>): Record<string, Value> {
  const next: Record<string, Value> = {}
  for (const each in record) setOwn(next, each, record[each])
  return next
}
