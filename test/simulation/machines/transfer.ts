/**
 * A saga: takes money from one account, pays a fee outside, gives the money to another account, and takes
 * back what it did when it cannot go on. Whatever happens it ends, says so, and no money is made or lost.
 */
import { sendTo, setup } from 'xstate'
import { activity, asks, defineActor, ref } from '../../../runtime/index.js'
import type { World } from '../world.js'
import type { AccountEvent, accountDefinition } from './account.js'
import type { CounterEvent } from './counter.js'

export interface TransferInput {
  id: string
  from: string
  to: string
  amount: number
}

const ASK_MS = 5_000

function parts(world: World, account: ReturnType<typeof accountDefinition>) {
  return setup({
    types: {
      input: {} as TransferInput,
      context: {} as TransferInput,
      output: {} as { end: string },
    },
    actors: {
      ask: asks(account, 'last', { timeoutMs: ASK_MS }),
      fee: activity<unknown, TransferInput>(call => world.charge(call), {
        retry: { attempts: 1_000, initialMs: 10, maxMs: 1_000, nonRetryable: ['Declined'] },
        attemptMs: 2_000,
      }),
    },
    actions: {
      tell: sendTo(
        () => ref<CounterEvent>('counter', 'ends'),
        ({ context }) => ({ type: 'ADD' as const, id: context.id, amount: 1 }),
      ),
    },
    guards: {
      tooLate: ({ event }) => (event as { error?: { code?: string } }).error?.code === 'Timeout',
      // Quarantined: what was asked is not done, and has to be.
      resting: ({ event }) => (event as { error?: { code?: string } }).error?.code === 'Unavailable',
    },
    delays: { again: 100 },
  })
}

export function transferDefinition(world: World, account: ReturnType<typeof accountDefinition>) {
  const machine = parts(world, account).createMachine({
    id: 'transfer',
    context: ({ input }) => input,
    initial: 'debiting',
    states: {
      debiting: {
        invoke: {
          src: 'ask',
          input: ({ context: c }) => ({ key: c.from, event: order('DEBIT', c) }),
          onDone: [{ guard: ({ event }) => event.output === true, target: 'paying' }, { target: 'refused' }],
          onError: 'undoing',
        },
      },
      paying: {
        invoke: {
          src: 'fee',
          input: ({ context }) => context,
          onDone: 'crediting',
          onError: 'undoing',
        },
      },
      crediting: {
        invoke: {
          src: 'ask',
          input: ({ context: c }) => ({ key: c.to, event: order('CREDIT', c) }),
          onDone: 'settled',
          onError: [{ guard: 'tooLate', target: 'checking' }, 'undoing'],
        },
      },
      checking: {
        invoke: {
          src: 'ask',
          input: ({ context: c }) => ({ key: c.to, event: order('CHECK', c) }),
          onDone: [{ guard: ({ event }) => event.output === true, target: 'settled' }, { target: 'undoing' }],
          onError: [
            { guard: 'tooLate', target: 'checking', reenter: true },
            { guard: 'resting', target: 'waitingToCheck' },
            'undoing',
          ],
        },
      },
      undoing: {
        invoke: {
          src: 'ask',
          input: ({ context: c }) => ({ key: c.from, event: order('UNDO', c) }),
          onDone: 'undone',
          onError: [
            { guard: 'tooLate', target: 'undoing', reenter: true },
            { guard: 'resting', target: 'waitingToUndo' },
            'undone',
          ],
        },
      },
      waitingToCheck: { after: { again: 'checking' } },
      waitingToUndo: { after: { again: 'undoing' } },
      settled: { type: 'final', entry: 'tell' },
      refused: { type: 'final', entry: 'tell' },
      undone: { type: 'final', entry: 'tell' },
    },
  })
  return defineActor({ machine, version: '1' })
}

function order(
  type: 'DEBIT' | 'CREDIT' | 'UNDO' | 'CHECK',
  { id, amount }: TransferInput,
): Extract<AccountEvent, { transfer: string }> {
  return { type, transfer: id, amount }
}
