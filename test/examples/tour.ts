/**
 * The machine of the README's tour.
 */
import { activity, defineActor } from 'perdure'
import { setup } from 'xstate'

export const charge = activity(
  async ({ input, idempotencyKey }: { input: { amount: number }; idempotencyKey: string }) => {
    // Where your payment gateway is called. It may fail, hang, or answer after a crash.
    return { receipt: `${idempotencyKey} paid ${input.amount}` }
  },
  { retry: { attempts: 5, nonRetryable: ['CardDeclined'] }, attemptMs: 10_000 },
)

export const orderMachine = setup({
  types: {
    input: {} as { amount: number },
    context: {} as { amount: number },
    events: {} as { type: 'APPROVE'; by: string } | { type: 'CANCEL' },
  },
  actors: { charge },
}).createMachine({
  id: 'order',
  context: ({ input }) => input,
  initial: 'approval',
  states: {
    approval: {
      on: { APPROVE: 'charging', CANCEL: 'rejected' },
      after: { 86400000: 'rejected' },
    },
    charging: {
      invoke: {
        src: 'charge',
        input: ({ context }) => ({ amount: context.amount }),
        onDone: 'paid',
        onError: 'rejected',
      },
    },
    paid: { type: 'final' },
    rejected: { type: 'final' },
  },
})

export const order = defineActor({ machine: orderMachine, version: '1' })
