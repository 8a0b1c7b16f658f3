/**
 * An order that waits: for a payment that may be nudged, with a timer far away. One state, one timer, a small
 * context: what a million of are asleep at any time.
 */
import { assign, setup } from 'xstate'
import { defineActor } from '../../runtime/index.js'
import type { BenchOrder } from './order-machine.js'

const waitMs = 90 * 24 * 3600_000

const machine = setup({
  types: {
    input: {} as BenchOrder,
    context: {} as BenchOrder & { readonly nudges: number },
    events: {} as { readonly type: 'NUDGE' },
  },
  delays: { wait: waitMs },
}).createMachine({
  id: 'idle',
  context: ({ input }) => ({ ...input, nudges: 0 }),
  initial: 'awaitingPayment',
  states: {
    awaitingPayment: {
      on: { NUDGE: { actions: assign({ nudges: ({ context }) => context.nudges + 1 }) } },
      after: { wait: 'expired' },
    },
    expired: { type: 'final' },
  },
})

export const idle = defineActor({ machine, version: '1' })
