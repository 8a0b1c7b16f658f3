/**
 * A machine that does as it is told, with one of each kind of actor to its name.
 */
import { assign, fromPromise, fromTransition, setup } from 'xstate'
import { activity, asks, each } from '../../../machines/index.js'
import { Stepper } from '../stepping.js'

export const kid = setup({}).createMachine({ id: 'kid' })
const work = activity(async () => 1)
export const parts = setup({
  actors: {
    kid,
    work,
    ask: asks<{ type: 'Q' }, number>('other', 'n'),
    many: each(work),
    plain: fromPromise(async () => 1),
    sum: fromTransition((state: number) => state, 0),
  },
  delays: { soon: 20, later: ({ context }) => (context as { wait: number }).wait },
})

interface Given {
  spawn(src: unknown, options?: object): unknown
  readonly self: { send(event: object): void }
}

/** Code that runs in the step and changes nothing. */
export function during(run: (given: Given) => unknown) {
  return assign(given => {
    run(given as never)
    return {}
  })
}

/** A machine that does `actions` on GO, with a child `kid` and an activity `work` running. */
export function on(actions: unknown): Stepper {
  const machine = parts.createMachine({
    context: { wait: 30 },
    invoke: [
      { src: 'kid', id: 'kid' },
      { src: 'work', id: 'work' },
    ],
    on: { GO: { actions: actions as never } },
  })
  return new Stepper(machine)
}
