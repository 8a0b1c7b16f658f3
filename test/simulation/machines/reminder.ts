/** Timers of every kind: delayed events of its own, cancelled ones, `after`, and delayed words to another. */
import { assign, enqueueActions, sendTo, setup } from 'xstate'
import { defineActor, ref } from '../../../runtime/index.js'
import type { CounterEvent } from './counter.js'

export const BLINK_MS = 700

export interface ReminderContext {
  key: string
  /** What happened to it, in order, with the time the step saw. */
  log: Happening[]
}

export interface Happening {
  what: 'set' | 'stop' | 'ring' | 'arm' | 'blink'
  n: number
  at: number
  /** How long it was set to. */
  ms: number
}

export type ReminderEvent =
  | { type: 'SET'; n: number; ms: number }
  | { type: 'STOP'; n: number }
  | { type: 'RING'; n: number }
  | { type: 'ARM' }

export function reminderDefinition(snapshotEvery: number) {
  const machine = setup({
    types: {
      input: {} as { key: string },
      context: {} as ReminderContext,
      events: {} as ReminderEvent,
    },
    actions: {
      note: assign({
        log: ({ context }, { what, n = 0, ms = 0 }: { what: Happening['what']; n?: number; ms?: number }) => [
          ...context.log,
          { what, n, at: Date.now(), ms },
        ],
      }),
    },
    delays: { blink: BLINK_MS },
  }).createMachine({
    id: 'reminder',
    context: ({ input }) => ({ key: input.key, log: [] }),
    initial: 'idle',
    states: {
      idle: {},
      armed: {
        entry: { type: 'note', params: { what: 'arm' } },
        after: { blink: { target: 'idle', actions: { type: 'note', params: { what: 'blink' } } } },
      },
    },
    on: {
      ARM: { target: '.armed', reenter: true },
      SET: {
        actions: [
          { type: 'note', params: ({ event: { n, ms } }) => ({ what: 'set', n, ms }) },
          enqueueActions(({ enqueue, event }) => {
            enqueue.raise({ type: 'RING', n: event.n }, { id: `ring-${event.n}`, delay: event.ms })
          }),
          sendTo(
            ({ context }) => ref<CounterEvent>('counter', `poked-${context.key}`),
            ({ event }) => ({ type: 'ADD' as const, id: `poke-${event.n}`, amount: 1 }),
            { delay: ({ event }) => event.ms * 2 },
          ),
        ],
      },
      STOP: {
        actions: [
          { type: 'note', params: ({ event }) => ({ what: 'stop', n: event.n }) },
          enqueueActions(({ enqueue, event }) => {
            enqueue.cancel(`ring-${event.n}`)
          }),
        ],
      },
      RING: { actions: { type: 'note', params: ({ event }) => ({ what: 'ring', n: event.n }) } },
    },
  })
  return defineActor({ machine, version: '1', create: key => ({ key }), snapshotEvery })
}
