/**
 * The vocabulary of the order machine: what an order keeps, whom it calls, the questions its stages ask, its
 * delays, and how it notes and publishes. The stages themselves are in files of their own.
 */
import { assign, type ErrorActorEvent, type EventObject, emit, setup } from 'xstate'
import { asks } from '../asks.js'
import { fraudAgent } from './fraud-agent.js'
import { noServices, orderActivities } from './order-activities.js'
import type { OrderContext, OrderOutcome, OrderOutput } from './order-context.js'
import type { OrderEntry, OrderEntryType, OrderEvent } from './order-events.js'
import { cents, factOf, isEarly, isHeard, isNews, purchaseOf, shipmentOf } from './order-facts.js'
import { charged, type Undoing } from './order-money.js'
import type { RiskFeatures } from './risk-features.js'
import { type RiskProfileEvent, riskProfileType, riskQuestion } from './risk-profile.js'
import { until } from './until.js'

const dayMs = 24 * 3600_000

/** How long a purchase may stay unpaid before that is worth an entry. The order lives on. */
const paymentTermMs = 7 * dayMs

/** How long a reviewer has; silence refuses. */
export const reviewTermMs = dayMs

const noted =
  (fact: OrderEvent['type']) =>
  ({ context }: { context: OrderContext }): boolean =>
    context.facts[fact] !== undefined

/** Whether a fact holds of every shipment, or of one at least. */
const ofShipments =
  (fact: 'HANDED_TO_CARRIER' | 'DELIVERED', how: 'every' | 'some') =>
  ({ context: { facts, purchase } }: { context: OrderContext }): boolean =>
    purchase!.shipments[how](({ seller }) => isHeard(facts, fact, seller))

const owedNext =
  (by: Undoing['by']) =>
  ({ context }: { context: OrderContext }): boolean =>
    context.undo.at(-1)?.by === by

export const orderSetup = setup({
  types: {
    input: {} as { readonly orderId: string },
    context: {} as OrderContext,
    events: {} as OrderEvent,
    emitted: {} as OrderEntry,
    output: {} as OrderOutput,
    tags: {} as 'waiting' | 'working' | 'overdue' | 'review' | 'unresolved',
  },
  actors: {
    ...orderActivities(noServices),
    askRiskProfile: asks<RiskProfileEvent, RiskFeatures>(riskProfileType, riskQuestion),
    fraudAgent,
  },
  guards: {
    isNews: ({ context, event }) => isNews(context.facts, context.purchase, event),
    isEarly: ({ context, event }) => isEarly(context.facts, event),
    isOfOneShipment: ({ event }) => shipmentOf(event) !== undefined,
    isCancelled: noted('CANCEL'),
    isPurchased: noted('PURCHASED'),
    isPaymentApproved: noted('PAYMENT_APPROVED'),
    isPartlyHandedOver: ofShipments('HANDED_TO_CARRIER', 'some'),
    isHandedOver: ofShipments('HANDED_TO_CARRIER', 'every'),
    isDelivered: ofShipments('DELIVERED', 'every'),
    isPromised: ({ context }) => context.purchase?.promisedAt !== undefined,
    isPastDeadline: noted('ESTIMATED_DELIVERY_DEADLINE'),
    isAccepted: ({ context }) => context.verdict?.decision === 'accept',
    isDoubtful: ({ context }) => context.verdict?.decision === 'review',
    isUnanswered: ({ context }) => context.review?.answer === undefined,
    isApproved: ({ context }) => context.review?.answer?.approved === true,
    isRefused: ({ context }) => context.review?.answer?.approved === false,
    isAllCharged: ({ context }) => context.charges.length === context.purchase!.instruments.length,
    isUndone: ({ context }) => context.undo.length === 0 && context.unresolved.length === 0,
    isStuck: ({ context }) => context.undo.length === 0 && context.unresolved.length > 0,
    owesRefund: owedNext('refund'),
    owesRetraction: owedNext('retract'),
    owesBookingCancelled: owedNext('cancelBooking'),
  },
  delays: {
    paymentTerm: paymentTermMs,
    reviewTerm: reviewTermMs,
    untilPromised: ({ context }) => until(context.purchase!.promisedAt!),
  },
})

/** Notes a fact with its time. */
export const note = orderSetup.assign(({ context, event }) => {
  const at = event.at ?? context.at
  return {
    facts: { ...context.facts, [factOf(event)]: at },
    at: Math.max(context.at, at),
    ...(event.type === 'PURCHASED' && { purchase: purchaseOf(event) }),
    ...(event.type === 'CANCEL' && { reason: event.reason }),
  }
})

/** Publishes an entry; `payload` says on what ground. An agent that is a person comes from the event. */
export function publish(
  type: OrderEntryType,
  agent: string | ((context: OrderContext, event: OrderEvent) => string),
  payload: (context: OrderContext, event: OrderEvent) => Readonly<Record<string, unknown>>,
) {
  return emit<OrderContext, EventObject, undefined, OrderEvent, OrderEntry>(({ context, event }) => ({
    type,
    orderId: context.orderId,
    agent: typeof agent === 'string' ? agent : agent(context, event as OrderEvent),
    payload: payload(context, event as OrderEvent),
    timestamp: context.at,
  }))
}

/** A change of what the order keeps that needs no event. */
export function change(changes: (context: OrderContext) => Partial<OrderContext>) {
  return assign<OrderContext, EventObject, undefined, OrderEvent, never>(({ context }) => changes(context))
}

/** Notes, before deeds begin, what would undo them. */
export const owe = (undoings: (context: OrderContext) => readonly Undoing[]) =>
  change(context => ({ undo: [...context.undo, ...undoings(context)] }))

/** Keeps what made a step fail. */
export const noteFailure = assign<OrderContext, ErrorActorEvent, undefined, OrderEvent, never>({
  failure: ({ event }) => messageOf(event.error),
})

/** A failed step becomes the reason of the cancellation, unless there is one already. */
export const giveUp = change(({ reason, failure }) => ({ reason: reason ?? failure }))

/** What a stage does when its deed failed for good, on its way to compensation. */
export const gaveUp = (agent: string) =>
  [noteFailure, giveUp, publish('STEP_FAILED', agent, ({ failure }) => ({ failure }))] as const

/** How the order ended: its own entry, and the statement of its money. */
export function settled(outcome: OrderOutcome, ended: ReturnType<typeof publish>) {
  return [
    change(() => ({ outcome })),
    ended,
    publish('SETTLED', 'shop', ({ charges, refunded }) => {
      const taken = charged(charges)
      return { outcome, charged: taken, refunded, kept: cents(taken - refunded) }
    }),
  ] as const
}

export function messageOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'message' in error
    ? String(error.message)
    : String(error)
}
