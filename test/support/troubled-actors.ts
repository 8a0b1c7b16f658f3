/**
 * Actors that give trouble on purpose, for members in processes of their own. The counter has a command that kills its
 * process, unless `TROUBLE_MENDED` is set; the dice reads what differs from process to process, `TROUBLE_SALT`. The
 * ticker is busy with activities until it is told to stop. The archive is large.
 */
import { assign, setup } from 'xstate'
import { activity, defineActor } from '../../runtime/index.js'
import { fickleDice, mortalCounter } from './troubled-machines.js'

export const counter = defineActor({
  machine: mortalCounter(() => process.env.TROUBLE_MENDED === 'yes'),
  version: '1',
  create: () => undefined,
})

export const dice = defineActor({
  machine: fickleDice(() => Number(process.env.TROUBLE_SALT)),
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

/** Texts of a kilobyte each, none like another. */
const PAGES: readonly string[] = Array.from({ length: 100 }, (_, page) =>
  Array.from({ length: 210 }, (_, word) => ((page * 1_009 + word * 7_919) % 1_000_003).toString(36)).join(
    ' ',
  ),
)

export const archive = defineActor({
  machine: setup({
    types: {
      context: {} as { pages: readonly string[]; written: number },
      events: {} as { type: 'WRITE'; page: number; text: string },
    },
  }).createMachine({
    id: 'archive',
    context: { pages: PAGES, written: 0 },
    on: {
      WRITE: {
        actions: assign(({ context: { pages, written }, event: { page, text } }) => ({
          pages: pages.with(page, text),
          written: written + 1,
        })),
      },
    },
  }),
  version: '1',
  create: () => undefined,
})
