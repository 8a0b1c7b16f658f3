/**
 * An actor in which a little of everything happens, for tests of what looks on: an activity, a message to an
 * actor of another type, a timer, a child; and on demand a step that throws and a message to nobody.
 */
import { assign, sendTo, setup } from 'xstate'
import { activity, defineActor, ref } from '../../runtime/index.js'

const parcel = setup({ types: { events: {} as { type: 'SHIP' } } }).createMachine({
  id: 'parcel',
  initial: 'packed',
  states: { packed: { on: { SHIP: 'shipped' } }, shipped: { type: 'final' } },
})

const ledgerMachine = setup({
  types: { context: {} as { booked: number }, events: {} as { type: 'BOOK' } },
}).createMachine({
  id: 'ledger',
  context: { booked: 0 },
  on: { BOOK: { actions: assign({ booked: ({ context }) => context.booked + 1 }) } },
})
export const ledger = defineActor({ machine: ledgerMachine, version: '1', create: () => undefined })

/**
 * `charging`, `booked` (tells the ledger), 10 ms later `packed` until SHIP, `delivered`. BOOM throws; GHOST
 * sends to a type that no definition has.
 */
export function watchedOrder(charge: (attempt: number) => Promise<unknown>) {
  const machine = setup({
    types: { events: {} as { type: 'BOOM' | 'GHOST' | 'SHIP' | 'PING' } },
    actors: {
      charge: activity(({ attempt }) => charge(attempt), { retry: { initialMs: 1, attempts: 20 } }),
      parcel,
    },
    guards: {
      boom: () => {
        throw new Error('a step that throws')
      },
    },
  }).createMachine({
    id: 'order',
    initial: 'charging',
    on: {
      BOOM: { guard: 'boom' },
      GHOST: { actions: sendTo(() => ref<{ type: 'BOO' }>('ghost', 'somebody'), { type: 'BOO' }) },
    },
    states: {
      charging: { invoke: { src: 'charge', onDone: 'booked' } },
      booked: {
        entry: sendTo(() => ref<{ type: 'BOOK' }>('ledger', 'all'), { type: 'BOOK' }),
        after: { 10: 'packed' },
      },
      packed: {
        invoke: { src: 'parcel', id: 'parcel', onDone: 'delivered' },
        on: { SHIP: { actions: sendTo('parcel', { type: 'SHIP' }) } },
      },
      delivered: { type: 'final' },
    },
  })
  return defineActor({ machine, version: '1' })
}

/** A charge that fails the first time. */
export async function failFirst(attempt: number): Promise<string> {
  if (attempt === 1) throw new Error('the bank is closed')
  return 'paid'
}
