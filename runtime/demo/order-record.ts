/**
 * An order event as the shop writes it down, one JSON object a line, and the command it becomes.
 * `final_status`, where a record has it, is what the shop knew at the end of its story: never an input.
 */
import { InvalidEventError } from '../../actors/errors.js'

/** A line of the input. `ts` is UTC, `YYYY-MM-DD hh:mm:ss`. */
export interface OrderRecord {
  readonly ts: string
  readonly order_id: string
  readonly type: string
  readonly [field: string]: unknown
}

/** A command for an order actor, on its way to the runtime process. */
export interface OrderCommand {
  /** `<order id>:<n>`, n counting the order's events from 1. */
  readonly id: string
  readonly orderId: string
  readonly event: { readonly type: string; readonly at: number; readonly [field: string]: unknown }
}

const types = new Set([
  'PURCHASED',
  'PAYMENT_APPROVED',
  'HANDED_TO_CARRIER',
  'DELIVERED',
  'ESTIMATED_DELIVERY_DEADLINE',
  'CANCEL',
])

const written = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)$/

/**
 * A line of the input, read.
 * @throws InvalidEventError that names the place, when it is not a record of an order.
 */
export function parseRecord(line: string, place: string): OrderRecord {
  let record: unknown
  try {
    record = JSON.parse(line)
  } catch {
    throw new InvalidEventError(place, 'a JSON object', line.slice(0, 40))
  }
  if (typeof record !== 'object' || record === null || Array.isArray(record))
    throw new InvalidEventError(place, 'a JSON object', line.slice(0, 40))
  const { ts, order_id, type, customer, items, payments } = record as Record<string, unknown>
  if (typeof order_id !== 'string' || order_id === '')
    throw new InvalidEventError(place, "an order's id in 'order_id'", String(order_id))
  if (typeof ts !== 'string' || Number.isNaN(timeOf(ts)))
    throw new InvalidEventError(place, "a time like '2018-05-17 12:00:00' in 'ts'", String(ts))
  if (typeof type !== 'string' || !types.has(type))
    throw new InvalidEventError(place, `a type, one of ${[...types].join(', ')}`, String(type))
  if (
    type === 'PURCHASED' &&
    (typeof customer !== 'string' || !Array.isArray(items) || !Array.isArray(payments))
  )
    throw new InvalidEventError(
      place,
      "a purchase with 'customer', 'items' and 'payments'",
      line.slice(0, 80),
    )
  return record as OrderRecord
}

/** The command that the order's nth record is. */
export function commandOf(record: OrderRecord, nth: number): OrderCommand {
  const { ts, order_id: orderId, final_status: _, estimated, ...event } = record
  const promised = typeof estimated === 'string' ? { estimated: timeOf(estimated) } : {}
  return { id: `${orderId}:${nth}`, orderId, event: { ...event, ...promised, at: timeOf(ts) } }
}

/** Milliseconds since 1970 of a time as the shop writes it; NaN when it is not one. */
export function timeOf(ts: string): number {
  const [, day, time] = written.exec(ts) ?? []
  return Date.parse(`${day}T${time}Z`)
}

/** The other way. */
export function writtenTime(at: number): string {
  return new Date(at).toISOString().slice(0, 19).replace('T', ' ')
}
