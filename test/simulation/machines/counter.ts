/** Counts, remembers what it was given in which order, and publishes it. Born by the first message. */
import { assign, emit, setup } from 'xstate'
import { defineActor } from '../../../runtime/index.js'
import type { World } from '../world.js'

export interface CounterContext {
  key: string
  total: number
  /** What was added, in order. */
  ids: string[]
  /** The time as the step saw it: a fold must see the same. */
  seen: string
}

export type CounterEvent =
  | { type: 'ADD'; id: string; amount: number }
  | { type: 'BOOM' }
  | { type: 'KILL' }
  | { type: 'NOTHING' }

export function counterDefinition(world: World, snapshotEvery: number) {
  const machine = setup({
    types: {
      input: {} as { key: string },
      context: {} as CounterContext,
      events: {} as CounterEvent,
      emitted: {} as { type: 'COUNTED'; id: string; total: number },
    },
    actions: {
      act: (_, params: { about: string }) => world.act(params.about),
    },
  }).createMachine({
    id: 'counter',
    context: ({ input }) => ({ key: input.key, total: 0, ids: [], seen: '' }),
    on: {
      ADD: {
        actions: [
          assign(({ context, event }) => ({
            total: context.total + event.amount,
            ids: [...context.ids, event.id],
            seen: String(Date.now()),
          })),
          emit(({ context, event }) => ({ type: 'COUNTED', id: event.id, total: context.total })),
          { type: 'act', params: ({ context, event }) => ({ about: `${context.key} ${event.id}` }) },
        ],
      },
      KILL: {
        actions: assign({
          seen: () => {
            world.kill()
            return 'killed'
          },
        }),
      },
      BOOM: {
        actions: assign(() => {
          throw new Error('boom')
        }),
      },
    },
  })
  return defineActor({
    machine,
    version: '1',
    create: key => ({ key }),
    selectors: { total: snapshot => snapshot.context.total },
    snapshotEvery,
  })
}
