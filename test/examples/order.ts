import { activity, asks, createRuntime, defineActor, ref } from 'perdure'
import { assign, emit, sendTo, setup } from 'xstate'
import { gateway } from './gateway.js'

type ProfileEvent = { type: 'SCORE'; amount: number } | { type: 'RECORD'; amount: number }
const charge = activity(
  ({ input, signal }: { input: { key: string; amount: number }; signal: AbortSignal }) =>
    gateway.charge(input, { idempotencyKey: input.key, signal }),
  { retry: { attempts: 5, initialMs: 100, factor: 2, nonRetryable: ['CardDeclined'] }, attemptMs: 10_000 },
)
const refund = activity(({ input }: { input: { key: string } }) => gateway.refund(input.key), {
  retry: { attempts: 50 },
})

export const orderMachine = setup({
  types: {
    input: {} as { orderId: string; customer: string; amount: number },
    context: {} as {
      orderId: string
      customer: string
      amount: number
      risk: number
      undo: string[]
      cancelled: boolean
      receiptId?: string
    },
    events: {} as { type: 'APPROVE'; by: string } | { type: 'CANCEL'; reason: string },
    emitted: {} as { type: 'DECIDED'; risk: number },
    output: {} as { receiptId: string | undefined },
    tags: {} as 'settled' | 'waiting',
  },
  actors: { charge, refund, score: asks<ProfileEvent, number>('profile', 'risk') },
  delays: { approvalDeadline: 24 * 3600_000 },
}).createMachine({
  id: 'order',
  initial: 'scoring',
  context: ({ input }) => ({ ...input, risk: 0, undo: [], cancelled: false }),
  output: ({ context }) => ({ receiptId: context.receiptId }),
  states: {
    scoring: {
      invoke: {
        src: 'score',
        input: ({ context: c }) => ({ key: c.customer, event: { type: 'SCORE', amount: c.amount } }),
        onDone: [
          { guard: ({ event }) => event.output > 0.9, target: 'rejected' },
          {
            guard: ({ event }) => event.output > 0.7,
            target: 'approval',
            actions: assign({ risk: ({ event }) => event.output }),
          },
          'charging',
        ],
      },
    },
    approval: {
      tags: 'waiting',
      entry: emit(({ context }) => ({ type: 'DECIDED', risk: context.risk })),
      on: { APPROVE: 'charging', CANCEL: 'rejected' },
      after: { approvalDeadline: 'rejected' },
    },
    charging: {
      entry: assign({ undo: ({ context: c }) => [...c.undo, `${c.orderId}:charge`] }), // before the effect, not in onDone
      invoke: {
        src: 'charge',
        input: ({ context: c }) => ({ key: `${c.orderId}:charge`, amount: c.amount }),
        onDone: [
          { guard: ({ context }) => context.cancelled, target: 'undoing' },
          { target: 'shipping', actions: assign({ receiptId: ({ event }) => event.output.receiptId }) },
        ],
        onError: 'undoing',
      },
      on: { CANCEL: { actions: assign({ cancelled: true }) } },
    }, // stay: leaving would drop the result of a charge in flight
    shipping: { on: { CANCEL: 'undoing' }, after: { 1000: 'shipped' } },
    undoing: {
      initial: 'next',
      onDone: 'rejected',
      states: {
        next: { always: [{ guard: ({ context }) => context.undo.length === 0, target: 'done' }, 'one'] },
        one: {
          invoke: {
            src: 'refund',
            input: ({ context }) => ({ key: context.undo.at(-1)! }),
            onDone: { target: 'next', actions: assign({ undo: ({ context }) => context.undo.slice(0, -1) }) },
          },
        },
        done: { type: 'final' },
      },
    },
    shipped: {
      type: 'final',
      tags: 'settled',
      entry: sendTo(({ context }) => ref<ProfileEvent>('profile', context.customer), {
        type: 'RECORD',
        amount: 1,
      }),
    },
    rejected: { type: 'final', tags: 'settled' },
  },
})
export const order = defineActor({ machine: orderMachine, version: '1' })
const profileMachine = setup({
  types: {
    input: {} as { customer: string },
    context: {} as { customer: string; n: number },
    events: {} as ProfileEvent,
  },
}).createMachine({
  id: 'profile',
  context: ({ input }) => ({ ...input, n: 0 }),
  on: { SCORE: { actions: assign({ n: ({ context }) => context.n + 1 }) } },
})
export const profile = defineActor({
  machine: profileMachine,
  create: key => ({ customer: key }),
  selectors: { risk: s => Math.min(1, s.context.n / 10) },
})
export const runtime = () => createRuntime({ actors: [order, profile], path: './data' })
