/**
 * What is known of an order from outside: the facts heard, and what its purchase comes to. A fact may speak
 * of the whole order or of one shipment; it is noted once, with the time it happened.
 */
import { courseOfFacts, type OrderEvent, type OrderFact } from './order-events.js'

/** Times by fact: `DELIVERED`, or `DELIVERED/<seller>` of one shipment. */
export type Facts = Readonly<Record<string, number>>

/** What is paid with, in the order in which it is charged. */
export interface Instrument {
  readonly type: string
  readonly amount: number
}

/** What one seller ships. `value`: prices and freight. */
export interface Shipment {
  readonly seller: string
  readonly value: number
}

/** What later stages need of a purchase; the whole of it is published as RAW. */
export interface Purchase {
  readonly customer: string
  readonly at: number
  /** The sum of the payments. */
  readonly amount: number
  /** The sum of prices and freight; undefined where the shop listed no items. */
  readonly listed: number | undefined
  readonly instruments: readonly Instrument[]
  /** One at least. */
  readonly shipments: readonly Shipment[]
  /** When delivery was promised for; undefined where it was not. */
  readonly promisedAt: number | undefined
}

/** Who ships what was bought of nobody in particular. */
const shopItself = 'shop'

/** Shipments that may be spoken of before the purchase says which there are. */
const unknownShipmentsMax = 64

/** What a purchase comes to. */
export function purchaseOf(event: Extract<OrderFact, { type: 'PURCHASED' }>): Purchase {
  const { customer, at, items, payments, estimated } = event
  const values = new Map<string, number>()
  for (const { seller, price, freight } of items)
    values.set(seller, (values.get(seller) ?? 0) + price + freight)
  const amount = cents(payments.reduce((sum, payment) => sum + payment.value, 0))
  const shipments = [...values].map(([seller, value]) => ({ seller, value: cents(value) }))
  return {
    customer,
    at,
    amount,
    listed: items.length === 0 ? undefined : cents([...values.values()].reduce((sum, one) => sum + one, 0)),
    instruments: payments
      .filter(payment => payment.value > 0)
      .map(({ type, value }) => ({ type, amount: value })),
    shipments: shipments.length === 0 ? [{ seller: shopItself, value: amount }] : shipments,
    promisedAt: Number.isFinite(estimated) ? estimated : undefined,
  }
}

/** Under what a fact is noted. */
export function factOf(event: OrderEvent): string {
  const shipment = shipmentOf(event)
  return shipment === undefined ? event.type : `${event.type}/${shipment}`
}

/** The shipment an event speaks of; undefined when of all. */
export function shipmentOf(event: OrderEvent): string | undefined {
  return 'shipment' in event ? event.shipment : undefined
}

/** Whether it was heard of the shipment, or of all. */
export function isHeard(facts: Facts, type: string, seller: string): boolean {
  return facts[type] !== undefined || facts[`${type}/${seller}`] !== undefined
}

/** Whether an event says something new, and of a shipment that the order has. */
export function isNews(facts: Facts, purchase: Purchase | undefined, event: OrderEvent): boolean {
  const seller = shipmentOf(event)
  if (seller === undefined) return facts[event.type] === undefined
  if (isHeard(facts, event.type, seller)) return false
  if (purchase === undefined) return Object.keys(facts).length < unknownShipmentsMax
  return purchase.shipments.some(shipment => shipment.seller === seller)
}

/** Whether a fact comes before one it presupposes. */
export function isEarly(facts: Facts, event: OrderEvent): boolean {
  const place = (courseOfFacts as readonly string[]).indexOf(event.type)
  const seller = shipmentOf(event)
  const known = (fact: string) =>
    seller === undefined
      ? Object.keys(facts).some(one => one.split('/')[0] === fact)
      : isHeard(facts, fact, seller)
  return courseOfFacts.slice(0, Math.max(0, place)).some(fact => !known(fact))
}

/** Sums of decimals, free of what binary fractions add. */
export function cents(amount: number): number {
  return Math.round(amount * 100) / 100
}
