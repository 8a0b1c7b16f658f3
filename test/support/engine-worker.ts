/**
 * An actor that does one thing: it runs an activity, and says how that went. For tests of activities.
 */
import { assign, setup } from 'xstate'
import { type ActivityArguments, type ActivityOptions, activity } from '../../machines/index.js'
import { defineActor } from '../../runtime/index.js'

type Run = (call: ActivityArguments<unknown, { type: string }>) => Promise<unknown>

/** The error as a machine sees it. */
export interface SeenError {
  readonly name: string
  readonly message: string
  readonly code?: string
  readonly details?: unknown
}

/** `working` until the activity has answered, then `done` or `failed`; LEAVE and AGAIN end the invocation. */
export function workerOf(run: Run, options?: ActivityOptions) {
  const machine = setup({
    types: {
      input: {} as { arg?: unknown },
      context: {} as { arg: unknown; result?: unknown; error?: SeenError },
      events: {} as { type: 'LEAVE' } | { type: 'AGAIN' } | { type: 'POKE' },
    },
    actors: { work: activity<unknown, unknown, { type: string }>(run, options) },
  }).createMachine({
    id: 'worker',
    context: ({ input }) => ({ arg: input.arg }),
    initial: 'working',
    states: {
      working: {
        invoke: {
          src: 'work',
          id: 'work',
          input: ({ context }: { context: { arg: unknown } }) => context.arg,
          onDone: { target: 'done', actions: assign({ result: ({ event }) => event.output }) },
          onError: { target: 'failed', actions: assign({ error: ({ event }) => event.error as SeenError }) },
        },
        on: { LEAVE: 'left', AGAIN: { target: 'working', reenter: true }, POKE: {} },
      },
      done: {},
      failed: {},
      left: { on: { AGAIN: 'working' } },
    },
  })
  return defineActor({ machine, version: '1' })
}
