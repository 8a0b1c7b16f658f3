/**
 * Actors that give trouble on purpose, for members in processes of their own. The counter has a command that kills its
 * process, unless `TROUBLE_MENDED` is set; the dice reads what differs from process to process, `TROUBLE_SALT`. The
 * ticker is busy with activities until it is told to stop.
 */
import { assign, setup } from 'xstate'
import { activity, defineActor } from '../../runtime/index.js'

export const counter = defineActor({
  machine: setup({
    types: {
      context: {} as { n: number },
      events: {} as { type: 'ADD'; pad?: string } | { type: 'BOOM' },
    },
  }).createMachine({
    id: 'counter',
    context: { n: 0 },
    on: {
      ADD: { actions: assign({ n: ({ context }) => context.n + 1 }) },
      BOOM: {
        actions: assign(() => {
          if (process.env.TROUBLE_MENDED === 'yes') return { n: 100 }
          process.kill(process.pid, 'SIGKILL')
          // The signal is on its way; the step must not end before it comes.
          for (;;);
        }),
      },
    },
  }),
  version: '1',
  create: () => undefined,
})

export const dice = defineActor({
  machine: setup({
    types: { context: {} as { sum: number }, events: {} as { type: 'ROLL' } | { type: 'PASS' } },
  }).createMachine({
    id: 'dice',
    context: { sum: 0 },
    on: {
      ROLL: { actions: assign({ sum: ({ context }) => context.sum + Number(process.env.TROUBLE_SALT) }) },
      PASS: { actions: assign({ sum: ({ context }) => context.sum + 1 }) },
    },
  }),
  version: '1',
  create: () => undefined,
})

export const ticker = defineActor({
  machine: setup({
    types: { context: {} as { ticks: number }, events: {} as { type: 'STOP' } },
    actors: { tick: activity<string, undefined>(async () => 'x'.repeat(1_000)) },
  }).createMachine({
    id: 'ticker',
    context: { ticks: 0 },
    initial: 'ticking',
    on: { STOP: '.stopped' },
    states: {
      ticking: {
        invoke: {
          src: 'tick',
          onDone: {
            target: 'ticking',
            reenter: true,
            actions: assign({ ticks: ({ context }) => context.ticks + 1 }),
          },
        },
      },
      stopped: {},
    },
  }),
  version: '1',
  create: () => undefined,
})
