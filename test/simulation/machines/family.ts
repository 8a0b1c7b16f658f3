/** A parent that has children on demand; each child grows by timers, says so, and ends. */
import { assign, enqueueActions, sendParent, setup, stopChild } from 'xstate'
import { defineActor } from '../../../runtime/index.js'

export const GROWN = 3

export interface FamilyContext {
  /** What happened to which child, in order; `n` is how far it says it has grown. */
  log: { what: 'adopt' | 'dismiss' | 'grew'; id: string; n: number }[]
}

export type FamilyEvent =
  | { type: 'ADOPT'; id: string }
  | { type: 'DISMISS'; id: string }
  | { type: 'GREW'; id: string; n: number }

const kid = setup({
  types: {
    input: {} as { id: string },
    context: {} as { id: string; n: number },
    events: {} as { type: 'SHOUT' },
    output: {} as { n: number },
  },
  delays: { grow: 150 },
}).createMachine({
  id: 'kid',
  context: ({ input }) => ({ id: input.id, n: 0 }),
  initial: 'growing',
  states: {
    growing: {
      always: { guard: ({ context }) => context.n >= GROWN, target: 'grown' },
      after: {
        grow: {
          target: 'growing',
          reenter: true,
          actions: [
            assign({ n: ({ context }) => context.n + 1 }),
            sendParent(({ context }) => ({ type: 'GREW', id: context.id, n: context.n })),
          ],
        },
      },
    },
    grown: { type: 'final' },
  },
  output: ({ context }) => ({ n: context.n }),
})

export function familyDefinition(snapshotEvery: number) {
  const machine = setup({
    types: {
      input: {} as Record<string, never>,
      context: {} as FamilyContext,
      events: {} as FamilyEvent,
    },
    actors: { kid },
    actions: {
      note: assign({
        log: (
          { context },
          { what, id, n = 0 }: { what: FamilyContext['log'][number]['what']; id: string; n?: number },
        ) => [...context.log, { what, id, n }],
      }),
    },
  }).createMachine({
    id: 'family',
    context: { log: [] },
    on: {
      ADOPT: {
        actions: enqueueActions(({ enqueue, event: { id } }) => {
          enqueue.spawnChild('kid', { id: `kid-${id}`, input: { id } })
          enqueue({ type: 'note', params: { what: 'adopt', id } })
        }),
      },
      DISMISS: {
        actions: [
          stopChild(({ event }) => `kid-${event.id}`),
          { type: 'note', params: ({ event }) => ({ what: 'dismiss', id: event.id }) },
        ],
      },
      GREW: { actions: { type: 'note', params: ({ event: { id, n } }) => ({ what: 'grew', id, n }) } },
    },
  })
  return defineActor({ machine, version: '1', create: () => ({}), snapshotEvery })
}
