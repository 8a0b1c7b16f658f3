/**
 * The vocabulary of the order machine: what an order keeps, the questions its stages ask of that, and how it
 * notes, publishes and gives up. The stages themselves are in order.ts.
 */
import { assign, type ErrorActorEvent, type EventObject, emit, setup } from 'xstate'
import { asks } from '../asks.js'
import { fraudAgent } from './fraud-agent.js'
import type { FraudVerdict } from './fraud-scoring.js'
import { noServices, orderActivities } from './order-activities.js'
import {
  courseOfFacts,
  type OrderEntry,
  type OrderEntryType,
  type OrderEvent,
  type OrderFacts,
  type Purchase,
  purchaseOf,
} from './order-events.js'
import type { RiskFeatures } from './risk-features.js'
import { type RiskProfileEvent, riskProfileType, riskQuestion } from './risk-profile.js'

/** How long a purchase may stay unpaid before that is worth an entry. The order lives on. */
const paymentTermMs = 7 * 24 * 3600_000

/** What may have to be undone, by the name of what undoes it. */
export type Undoing = 'refund' | 'retract' | 'cancelBooking'

export interface OrderContext {
  readonly orderId: string
  readonly facts: OrderFacts
  /** The latest moment of the order's own life. */
  readonly at: number
  readonly purchase: Purchase | undefined
  /** Only until the verdict, which says what of them counted. */
  readonly features: RiskFeatures | undefined
  readonly verdict: FraudVerdict | undefined
  readonly receiptId: string | undefined
  readonly messageId: string | undefined
  readonly bookingId: string | undefined
  /** What a cancellation has to undo, oldest first. */
  readonly undo: readonly Undoing[]
  /** What could not be undone: for a person to settle. */
  readonly unresolved: readonly Undoing[]
  /** Why it is to be cancelled. */
  readonly reason: string | undefined
  /** The last failure of a deed. */
  readonly failure: string | undefined
  /** How it ended. */
  readonly outcome: OrderOutcome | undefined
}

export type OrderOutcome = 'delivered' | 'rejected' | 'cancelled'

export interface OrderOutput {
  readonly outcome: OrderOutcome
  readonly receiptId: string | undefined
  readonly bookingId: string | undefined
  readonly probability: number | undefined
  readonly overdue: boolean
  readonly reason: string | undefined
  readonly unresolved: readonly string[]
}

const noted =
  (fact: OrderEvent['type']) =>
  ({ context }: { context: OrderContext }): boolean =>
    context.facts[fact] !== undefined

const owedNext =
  (undoing: Undoing) =>
  ({ context }: { context: OrderContext }): boolean =>
    context.undo.at(-1) === undoing

export const orderSetup = setup({
  types: {
    input: {} as { readonly orderId: string },
    context: {} as OrderContext,
    events: {} as OrderEvent,
    emitted: {} as OrderEntry,
    output: {} as OrderOutput,
    tags: {} as 'waiting' | 'working' | 'overdue',
  },
  actors: {
    ...orderActivities(noServices),
    askRiskProfile: asks<RiskProfileEvent, RiskFeatures>(riskProfileType, riskQuestion),
    fraudAgent,
  },
  guards: {
    isNews: ({ context, event }) => context.facts[event.type] === undefined,
    /** Whether a fact comes before one it presupposes. */
    isEarly: ({ context, event }) => {
      const place = (courseOfFacts as readonly string[]).indexOf(event.type)
      return courseOfFacts.slice(0, Math.max(0, place)).some(fact => context.facts[fact] === undefined)
    },
    isCancelled: noted('CANCEL'),
    isPurchased: noted('PURCHASED'),
    isApproved: noted('PAYMENT_APPROVED'),
    isHandedOver: noted('HANDED_TO_CARRIER'),
    isDelivered: noted('DELIVERED'),
    isPastDeadline: noted('ESTIMATED_DELIVERY_DEADLINE'),
    isAccepted: ({ context }) => context.verdict?.decision === 'accept',
    isRejected: ({ context }) => context.verdict?.decision === 'reject',
    owesNothing: ({ context }) => context.undo.length === 0,
    owesRefund: owedNext('refund'),
    owesRetraction: owedNext('retract'),
    owesBookingCancelled: owedNext('cancelBooking'),
  },
  delays: { paymentTerm: paymentTermMs },
})

/** Notes a fact with its time. */
export const note = orderSetup.assign(({ context, event }) => ({
  facts: { ...context.facts, [event.type]: event.at },
  at: Math.max(context.at, event.at),
  ...(event.type === 'PURCHASED' && { purchase: purchaseOf(event) }),
  ...(event.type === 'CANCEL' && { reason: event.reason }),
}))

/** Publishes an entry; `payload` says on what ground. */
export function publish(
  type: OrderEntryType,
  agent: string,
  payload: (context: OrderContext) => Readonly<Record<string, unknown>>,
) {
  return emit<OrderContext, EventObject, undefined, OrderEvent, OrderEntry>(({ context }) => ({
    type,
    orderId: context.orderId,
    agent,
    payload: payload(context),
    timestamp: context.at,
  }))
}

/** Notes, before a deed begins, what would undo it. */
export function owe(undoing: Undoing) {
  return assign<OrderContext, EventObject, undefined, OrderEvent, never>({
    undo: ({ context }) => [...context.undo, undoing],
  })
}

/** The newest undoing is done, or given up. */
export function settle(outcome: 'done' | 'failed') {
  return assign<OrderContext, EventObject, undefined, OrderEvent, never>({
    undo: ({ context }) => context.undo.slice(0, -1),
    unresolved: ({ context }) =>
      outcome === 'done' ? context.unresolved : [...context.unresolved, ...context.undo.slice(-1)],
  })
}

/** Keeps what made a step fail. */
export const noteFailure = assign<OrderContext, ErrorActorEvent, undefined, OrderEvent, never>({
  failure: ({ event }) => (event.error instanceof Error ? event.error.message : messageOf(event.error)),
})

/** A failed step becomes the reason of the cancellation, unless there is one already. */
export const giveUp = assign<OrderContext, EventObject, undefined, OrderEvent, never>({
  reason: ({ context }) => context.reason ?? context.failure,
})

/** How the order ended. */
export function end(outcome: OrderOutcome) {
  return assign<OrderContext, EventObject, undefined, OrderEvent, never>({ outcome })
}

export function outputOf(context: OrderContext): OrderOutput {
  const { outcome, receiptId, bookingId, verdict, facts, reason, unresolved } = context
  return {
    // Only the final states end an order, and each notes its outcome first.
    outcome: outcome as OrderOutcome,
    receiptId,
    bookingId,
    probability: verdict?.probability,
    overdue: facts.ESTIMATED_DELIVERY_DEADLINE !== undefined,
    reason,
    unresolved,
  }
}

function messageOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'message' in error
    ? String(error.message)
    : String(error)
}
