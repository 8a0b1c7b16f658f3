/**
 * The plainest actor there is: it counts what it is sent. For tests in which the actor does not matter.
 */
import { assign, emit, setup } from 'xstate'

export type CounterEvent =
  | { type: 'ADD'; n: number }
  | { type: 'NOTE'; text: string }
  | { type: 'STOP' }
  | { type: 'BREAK'; why: string }

export const counterMachine = setup({
  types: {
    input: {} as { from: number },
    context: {} as { n: number; notes: readonly string[] },
    events: {} as CounterEvent,
    emitted: {} as { type: 'ADDED'; n: number },
    output: {} as number,
    tags: {} as 'open',
  },
}).createMachine({
  id: 'counter',
  context: ({ input }) => ({ n: input.from, notes: [] }),
  initial: 'counting',
  states: {
    counting: {
      tags: 'open',
      on: {
        ADD: {
          actions: [
            assign({ n: ({ context, event }) => context.n + event.n }),
            emit(({ event }) => ({ type: 'ADDED', n: event.n })),
          ],
        },
        NOTE: { actions: assign({ notes: ({ context, event }) => [...context.notes, event.text] }) },
        BREAK: {
          actions: assign(({ event }): never => {
            throw new RangeError(event.why)
          }),
        },
        STOP: 'stopped',
      },
    },
    stopped: { type: 'final' },
  },
  output: ({ context }) => context.n,
})
