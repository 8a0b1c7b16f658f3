/**
 * What an order's events must look like, checked at the door: whoever sends one that is not an event of an
 * order hears so at once, and nothing is stored. Fields beyond those named may come along.
 */
import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { OrderEvent } from './order-events.js'

type Kind = 'number' | 'string' | 'array'

/** An object with these fields; one marked `?` may be left out. */
function fields(kinds: Readonly<Record<string, Kind | `${Kind}?`>>): StandardSchemaV1 {
  const validate = (value: unknown) => {
    const found = value as Readonly<Record<string, unknown>>
    const issues = Object.entries(kinds).flatMap(([name, kind]) => {
      const isOptional = kind.endsWith('?')
      const expected = kind.replace('?', '') as Kind
      if ((isOptional && found[name] === undefined) || isKind(expected, found[name])) return []
      return [{ message: `expected ${nameOf[expected]}, found ${shown(found[name])}`, path: [name] }]
    })
    return issues.length === 0 ? { value } : { issues }
  }
  return { '~standard': { version: 1, vendor: 'perdure', validate } }
}

const nameOf = { number: 'a number', string: 'a text that is not empty', array: 'a list' } as const

function isKind(kind: Kind, value: unknown): boolean {
  if (kind === 'array') return Array.isArray(value)
  return kind === 'number' ? Number.isFinite(value) : typeof value === 'string' && value !== ''
}

function shown(value: unknown): string {
  return value === undefined ? 'none' : Array.isArray(value) ? 'a list' : `${typeof value} '${value}'`
}

const fact = fields({ at: 'number' })
const shipmentFact = fields({ at: 'number', shipment: 'string?' })

export const orderSchemas = {
  PURCHASED: fields({
    ...{ at: 'number', customer: 'string', items: 'array', payments: 'array' },
    estimated: 'number?',
  }),
  PAYMENT_APPROVED: fact,
  HANDED_TO_CARRIER: shipmentFact,
  DELIVERED: shipmentFact,
  ESTIMATED_DELIVERY_DEADLINE: fact,
  CANCEL: fields({ at: 'number?', reason: 'string' }),
  APPROVE: fields({ at: 'number?', by: 'string' }),
  REFUSE: fields({ at: 'number?', by: 'string', reason: 'string' }),
  RETRY_UNDO: fields({ at: 'number?', by: 'string' }),
  SETTLED_BY_HAND: fields({ at: 'number?', by: 'string', note: 'string' }),
} satisfies Record<OrderEvent['type'], StandardSchemaV1>
