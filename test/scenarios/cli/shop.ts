/**
 * The definitions that the command line is shown with: an order that a person approves, pays for and packs (a
 * child), with an event it fails on; and a cart, which is a store.
 */
import { assign, setup } from 'xstate'
import { activity, defineActor } from '../../../runtime/index.js'

/** Whether somebody has mended the code since. */
const isMended = process.env.SHOP_IS_MENDED === 'yes'

const charge = activity(async ({ input }: { input: { amount: number } }) => ({
  receipt: `r-${input.amount}`,
}))

const parcelMachine = setup({ types: { events: {} as { type: 'PACKED' } } }).createMachine({
  id: 'parcel',
  initial: 'open',
  states: { open: { on: { PACKED: 'closed' } }, closed: { type: 'final' } },
})

const orderMachine = setup({
  types: {
    input: {} as { customer: string; amount: number },
    context: {} as { customer: string; amount: number; receipt?: string },
    events: {} as { type: 'APPROVE'; by: string } | { type: 'CANCEL' } | { type: 'BREAK' } | { type: 'PACK' },
    output: {} as { receipt: string | undefined },
    tags: {} as 'waiting',
  },
  actors: { charge, parcel: parcelMachine },
}).createMachine({
  id: 'order',
  context: ({ input }) => input,
  output: ({ context }) => ({ receipt: context.receipt }),
  initial: 'approval',
  states: {
    approval: {
      tags: 'waiting',
      on: {
        APPROVE: 'paying',
        CANCEL: 'cancelled',
        BREAK: {
          actions: assign(() => {
            if (isMended) return {}
            throw new Error('this order cannot take it')
          }),
        },
      },
    },
    paying: {
      initial: 'charging',
      states: {
        charging: {
          invoke: {
            src: 'charge',
            input: ({ context }) => ({ amount: context.amount }),
            onDone: {
              target: '#order.packing',
              actions: assign({ receipt: ({ event }) => event.output.receipt }),
            },
          },
        },
      },
    },
    packing: { invoke: { src: 'parcel', id: 'parcel', onDone: 'sent' } },
    sent: { type: 'final' },
    cancelled: { type: 'final' },
  },
})

export const order = defineActor({
  machine: orderMachine,
  version: '1',
  selectors: { amount: ({ context }) => context.amount },
})

export const cart = defineActor({
  type: 'cart',
  version: '1',
  create: () => undefined,
  store: {
    context: { items: [] as string[] },
    on: {
      add: (context, event: { item: string }) => ({ items: [...context.items, event.item] }),
    },
  },
})
