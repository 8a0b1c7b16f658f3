/**
 * What can happen next to an order in a state: what somebody may send it, how what it has invoked may end,
 * which of its timers may fire. Read off the state, for whoever enumerates the pipeline's paths.
 */
import type { AnyMachineSnapshot } from 'xstate'
import type { Stimulus } from '../../../actors/logic.js'
import type { OrderContext } from '../../../machines/lifecycles/order-context.js'
import type { OrderEvent } from '../../../machines/lifecycles/order-events.js'
import { dayMs, noon } from './order-life.js'

/** What the world answers, by what it is asked for. */
export type Answer = 'ok' | 'fail' | 'accept' | 'review' | 'reject'

export type Deed = keyof typeof invocations

export interface Move {
  readonly name: string
  /** Whether it leaves the course that an order takes when all goes well. */
  readonly isMishap: boolean
  readonly stimulus: Stimulus
  /** How to make it happen to an order in a runtime. */
  readonly cause:
    | { readonly kind: 'send'; readonly event: OrderEvent }
    | { readonly kind: 'answer'; readonly deed: Deed; readonly answer: Answer }
    | { readonly kind: 'wait'; readonly ms: number }
}

/** One instrument and one seller, or two of each. */
export type Kind = 'single' | 'split'

const promisedAfterMs = 20 * dayMs

const verdict = (decision: 'accept' | 'review' | 'reject') => ({
  status: 'concluded' as const,
  answer: { decision, probability: 0.5, reasons: [], model: 'none' },
  turns: 1,
})

/** What each invocation answers when all goes well. The world gives the same to a runtime. */
const invocations = {
  askRiskProfile: () => ({
    ...{ ordersHour: 0, ordersDay: 0, ordersMonth: 0 },
    ...{ amountHour: 0, amountDay: 0, amountMonth: 0, tenureMs: 0 },
  }),
  fraudAgent: () => verdict('accept'),
  askReviewer: () => ({ messageId: 'm' }),
  charge: () => ({ receiptId: 'r' }),
  notify: () => ({ messageId: 'm' }),
  bookAll: ({ purchase }: OrderContext) =>
    purchase!.shipments.map(() => ({ status: 'fulfilled', value: { bookingId: 'b' } })),
  refund: () => ({ refunded: true }),
  cancelBooking: () => ({ cancelled: true }),
}

/** What a service that is not a whole invocation of its own answers. */
export const answers = { ...invocations, fraudAgent: verdict, bookAll: () => ({ bookingId: 'b' }) }

/** An order's purchase, made `at`. */
export function purchaseBy(kind: Kind, at: number): OrderEvent {
  const names = kind === 'single' ? ['m-1'] : ['m-1', 'm-2']
  return {
    type: 'PURCHASED',
    at,
    customer: 'c-1',
    items: names.map(seller => ({ sku: 's', seller, price: 40, freight: 10 })),
    payments: names.map(() => ({ type: 'voucher', installments: 1, value: 50 })),
    estimated: at + promisedAfterMs,
  }
}

export function movesOf(snapshot: AnyMachineSnapshot, kind: Kind): Move[] {
  return [...ends(snapshot), ...timers(snapshot), ...events(snapshot, kind)]
}

/** How what is invoked may end: one thing at a time. */
function ends(snapshot: AnyMachineSnapshot): Move[] {
  const context = snapshot.context as OrderContext
  return Object.values(snapshot.children as Record<string, { id: string; src: Deed }>).flatMap(
    ({ id, src }) => {
      const move = (answer: Answer, stimulus: Stimulus): Move => ({
        name: `${src} ${answer}`,
        isMishap: !['ok', 'accept'].includes(answer),
        stimulus,
        cause: { kind: 'answer', deed: src, answer },
      })
      const done = (answer: Answer, output: unknown) => move(answer, { type: 'done', id, output })
      const failed = move('fail', { type: 'error', id, error: { name: 'Error', message: 'out of order' } })
      if (src === 'fraudAgent')
        return [...(['accept', 'review', 'reject'] as const).map(one => done(one, verdict(one))), failed]
      if (src !== 'bookAll') return [done('ok', invocations[src]()), failed]
      const booked = invocations.bookAll(context)
      const last = { status: 'rejected', reason: { name: 'Error', message: 'out of order' } }
      return [done('ok', booked), done('fail', [...booked.slice(0, -1), last])]
    },
  )
}

function timers(snapshot: AnyMachineSnapshot): Move[] {
  const after = (delay: string, node: string, ms: number): Move => {
    const type = `xstate.after.${delay}.order.open.${node}`
    const stimulus = { type: 'timer', id: type, event: { type } } as const
    return { name: `after ${delay}`, isMishap: true, stimulus, cause: { kind: 'wait', ms } }
  }
  const isAt = (stage: string | object) => snapshot.matches({ open: { stage } } as never)
  const found: Move[] = []
  // While the reviewer is being asked, the asking itself runs out of time first.
  if (isAt({ reviewing: 'answering' })) found.push(after('reviewTerm', 'stage.reviewing', dayMs))
  if (isAt('awaitingPayment')) found.push(after('paymentTerm', 'stage.awaitingPayment', 7 * dayMs))
  // The promise ends last of all: before it, other timers of the stage would fire.
  const isPromised = snapshot.matches({ open: { schedule: 'promised' } } as never)
  if (isPromised && ['awaitingCarrier', 'partlyShipped', 'inTransit'].some(isAt))
    found.push(after('untilPromised', 'schedule.promised', promisedAfterMs))
  return found
}

/** What may be sent, where the state has a transition for it. */
function events(snapshot: AnyMachineSnapshot, kind: Kind): Move[] {
  const { facts } = snapshot.context as OrderContext
  const isAt = (state: object | string) => snapshot.matches(state as never)
  const stage = (name: string) => isAt({ open: { stage: name } })
  const inTurn = new Set<string>([
    ...(stage('awaitingPurchase') ? ['PURCHASED'] : []),
    ...(stage('awaitingPayment') ? ['PAYMENT_APPROVED'] : []),
    ...(stage('awaitingCarrier') || stage('partlyShipped') ? ['HANDED_TO_CARRIER'] : []),
    ...(stage('inTransit') ? ['DELIVERED'] : []),
    ...(stage('reviewing') ? ['APPROVE'] : []),
    ...(isAt('compensating') ? ['RETRY_UNDO', 'SETTLED_BY_HAND'] : []),
  ])
  const at = noon + Object.keys(facts).length
  const shipments = kind === 'single' ? [{}] : [{ shipment: 'm-1' }, { shipment: 'm-2' }]
  const all: OrderEvent[] = [
    purchaseBy(kind, noon),
    { type: 'PAYMENT_APPROVED', at },
    ...shipments.map(one => ({ type: 'HANDED_TO_CARRIER' as const, at, ...one })),
    ...shipments.map(one => ({ type: 'DELIVERED' as const, at, ...one })),
    { type: 'ESTIMATED_DELIVERY_DEADLINE', at },
    { type: 'CANCEL', at, reason: 'changed my mind' },
    { type: 'APPROVE', by: 'ann' },
    { type: 'REFUSE', by: 'ann', reason: 'no' },
    { type: 'RETRY_UNDO', by: 'bob' },
    { type: 'SETTLED_BY_HAND', by: 'bob', note: 'paid by transfer' },
  ]
  return (
    all
      .filter(event => snapshot.can(event))
      // A fact out of turn is noted wherever it comes: told where the order waits.
      .filter(
        event =>
          inTurn.has(event.type) || !isFact(event) || isAt('compensating') || snapshot.hasTag('waiting'),
      )
      .map(
        (event): Move => ({
          name: 'shipment' in event ? `${event.type} ${event.shipment}` : event.type,
          isMishap: !inTurn.has(event.type),
          stimulus: { type: 'event', event: { ...event } },
          cause: { kind: 'send', event },
        }),
      )
  )
}

function isFact({ type }: OrderEvent): boolean {
  return !['CANCEL', 'APPROVE', 'REFUSE', 'RETRY_UNDO', 'SETTLED_BY_HAND'].includes(type)
}
