/**
 * Money. It does what it is told each time it is told: that nothing is told twice is what is tested. Must be
 * started; refuses what it does not understand.
 */
import { assign, setup } from 'xstate'
import { defineActor } from '../../../runtime/index.js'

export interface AccountContext {
  balance: number
  /** Names of transfers, in order, each as often as it was done. */
  debits: string[]
  credits: string[]
  undone: string[]
  deposits: string[]
  /** About the last order: what the one who asked wants to know. */
  last: boolean
}

export type AccountEvent =
  | { type: 'DEPOSIT'; id: string; amount: number }
  | { type: 'DEBIT'; transfer: string; amount: number }
  | { type: 'CREDIT'; transfer: string; amount: number }
  | { type: 'UNDO'; transfer: string; amount: number }
  | { type: 'CHECK'; transfer: string; amount: number }
  | { type: 'DANCE' }

export function accountDefinition(snapshotEvery: number) {
  const machine = setup({
    types: {
      input: {} as { balance: number },
      context: {} as AccountContext,
      events: {} as AccountEvent,
    },
  }).createMachine({
    id: 'account',
    context: ({ input }) => ({
      balance: input.balance,
      debits: [],
      credits: [],
      undone: [],
      deposits: [],
      last: false,
    }),
    on: {
      DEPOSIT: {
        actions: assign(({ context, event }) => ({
          balance: context.balance + event.amount,
          deposits: [...context.deposits, event.id],
        })),
      },
      DEBIT: [
        { guard: ({ context, event }) => context.balance < event.amount, actions: assign({ last: false }) },
        {
          actions: assign(({ context, event }) => ({
            balance: context.balance - event.amount,
            debits: [...context.debits, event.transfer],
            last: true,
          })),
        },
      ],
      CREDIT: {
        actions: assign(({ context, event }) => ({
          balance: context.balance + event.amount,
          credits: [...context.credits, event.transfer],
          last: true,
        })),
      },
      UNDO: [
        {
          // Asked again when the answer was late, which is the asker's doing.
          guard: ({ context: { debits, undone }, event: { transfer } }) =>
            debits.includes(transfer) && !undone.includes(transfer),
          actions: assign(({ context, event }) => ({
            balance: context.balance + event.amount,
            undone: [...context.undone, event.transfer],
            last: true,
          })),
        },
        { actions: assign({ last: false }) },
      ],
      CHECK: {
        actions: assign({ last: ({ context, event }) => context.credits.includes(event.transfer) }),
      },
    },
  })
  return defineActor({
    machine,
    version: '1',
    unhandled: 'refuse',
    selectors: { last: snapshot => snapshot.context.last },
    snapshotEvery,
  })
}
