/**
 * What will happen to one made-up order, as the records the shop will write. Kinds and their shares follow
 * what the real ones do, with the mishaps (impossible order of events, cancellations, unpaid orders) made
 * common enough to be met in a small run.
 */
import { type OrderRecord, writtenTime } from './order-record.js'
import type { Random } from './random.js'

const minuteMs = 60_000
const hourMs = 60 * minuteMs
const dayMs = 24 * hourMs

/** What becomes of an order, and how many in a thousand. */
const courses = {
  delivered: 820,
  deliveredLate: 50,
  neverDelivered: 25,
  neverHandedOver: 40,
  unpaid: 12,
  handedOverBeforePaid: 8,
  handedOverBeforePurchased: 3,
  deliveredBeforeHandedOver: 3,
  cancelledUnpaid: 8,
  cancelledPaid: 14,
  cancelledInTransit: 9,
  cancelledAfterDelivery: 4,
  cancelledFirst: 2,
  cancelledAsPaid: 2,
} as const

type Course = keyof typeof courses

export interface PlannedOrder {
  readonly orderId: string
  readonly customer: string
  readonly purchasedAt: number
  /** Median of what it costs. */
  readonly amount: number
}

interface Planned {
  readonly at: number
  readonly record: OrderRecord
}

/** All that will happen to an order, in no order of time; nothing of it before `purchasedAt`. */
export function planOrder(order: PlannedOrder, random: Random): Planned[] {
  const course = random.pick(courses)
  const estimatedAt = startOfDay(order.purchasedAt + random.between(12, 35) * dayMs)
  const times = timesOf(course, order.purchasedAt, estimatedAt, random)
  const plan = (type: string, at: number | undefined, fields: object = {}): Planned[] => {
    if (at === undefined) return []
    const whole = Math.floor(at / 1000) * 1000
    return [{ at: whole, record: { ts: writtenTime(whole), order_id: order.orderId, type, ...fields } }]
  }
  return [
    ...plan('PURCHASED', times.purchased, { ...basket(order, random), estimated: writtenTime(estimatedAt) }),
    ...plan('PAYMENT_APPROVED', times.approved),
    ...plan('HANDED_TO_CARRIER', times.handedOver),
    ...plan('DELIVERED', times.delivered),
    ...plan('CANCEL', times.cancelled, { reason: 'customer changed their mind' }),
    ...plan('ESTIMATED_DELIVERY_DEADLINE', estimatedAt),
  ]
}

interface Times {
  readonly purchased: number
  readonly approved?: number
  readonly handedOver?: number
  readonly delivered?: number
  readonly cancelled?: number
}

function timesOf(course: Course, purchased: number, estimatedAt: number, random: Random): Times {
  const approved =
    purchased + (random.chance(0.8) ? random.exponential(30 * minuteMs) : random.exponential(2 * dayMs))
  const handedOver = approved + hourMs + random.exponential(2 * dayMs)
  const delivered = handedOver + dayMs + random.exponential(6 * dayMs)
  const usual = { purchased, approved, handedOver, delivered }
  const within = (from: number, to: number) => from + random.fraction() * (to - from)
  switch (course) {
    case 'delivered':
      return usual
    case 'deliveredLate':
      return { ...usual, delivered: Math.max(delivered, estimatedAt + random.exponential(5 * dayMs)) }
    case 'neverDelivered':
      return { purchased, approved, handedOver }
    case 'neverHandedOver':
      return { purchased, approved }
    case 'unpaid':
      return { purchased }
    case 'handedOverBeforePaid':
      return { ...usual, handedOver: within(purchased, approved) }
    case 'handedOverBeforePurchased':
      return { ...usual, handedOver: purchased, purchased: purchased + random.exponential(hourMs) }
    case 'deliveredBeforeHandedOver':
      return { ...usual, delivered: within(approved, handedOver) }
    case 'cancelledUnpaid':
      return { purchased, cancelled: purchased + random.exponential(dayMs) }
    case 'cancelledPaid':
      return { purchased, approved, cancelled: within(approved, handedOver) }
    case 'cancelledInTransit':
      return { purchased, approved, handedOver, cancelled: within(handedOver, delivered) }
    case 'cancelledAfterDelivery':
      return { ...usual, cancelled: delivered + random.exponential(dayMs) }
    case 'cancelledFirst':
      return { purchased: purchased + random.exponential(hourMs), cancelled: purchased }
    case 'cancelledAsPaid':
      return { purchased, approved, cancelled: approved }
  }
}

/** What is bought and how it is paid. Sums of payments are what the items come to. */
function basket({ customer, amount }: PlannedOrder, random: Random) {
  const count = random.pick({ 1: 86, 2: 8, 3: 4, 4: 2 })
  const items = Array.from({ length: Number(count) }, () => ({
    sku: random.hex(8),
    seller: `s-${random.between(1, 900)}`,
    price: cents(random.logNormal(amount / Number(count), 0.5)),
    freight: cents(random.logNormal(16, 0.4)),
  }))
  const total = cents(items.reduce((sum, item) => sum + item.price + item.freight, 0))
  return { customer, items, payments: paymentsOf(total, random) }
}

function paymentsOf(total: number, random: Random) {
  const type = random.pick({ credit_card: 75, boleto: 20, voucher: 3, debit_card: 2 })
  const installments =
    type === 'credit_card' ? Number(random.pick({ 1: 45, 2: 16, 3: 15, 6: 14, 10: 10 })) : 1
  if (type !== 'voucher') return [{ seq: 1, type, installments, value: total }]
  const first = cents(total * random.fraction())
  return [
    { seq: 1, type, installments, value: first },
    { seq: 2, type, installments, value: cents(total - first) },
  ]
}

function startOfDay(at: number): number {
  return Math.floor(at / dayMs) * dayMs
}

function cents(amount: number): number {
  return Math.round(amount * 100) / 100
}
