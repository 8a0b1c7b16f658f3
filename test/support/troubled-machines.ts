/** Machines that give trouble on purpose. */
import { assign, setup } from 'xstate'

/** Counts; BOOM kills its process, unless it is mended. */
export function mortalCounter(isMended: () => boolean) {
  return setup({
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
          if (isMended()) return { n: 100 }
          process.kill(process.pid, 'SIGKILL')
          // The signal is on its way; the step must not end before it comes.
          for (;;);
        }),
      },
    },
  })
}

/** ROLL reads what a replay will not find again. */
export function fickleDice(outside: () => number) {
  return setup({
    types: { context: {} as { sum: number }, events: {} as { type: 'ROLL' } | { type: 'PASS' } },
  }).createMachine({
    id: 'dice',
    context: { sum: 0 },
    on: {
      ROLL: { actions: assign({ sum: ({ context }) => context.sum + outside() }) },
      PASS: { actions: assign({ sum: ({ context }) => context.sum + 1 }) },
    },
  })
}
