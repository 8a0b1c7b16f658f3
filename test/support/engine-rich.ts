/**
 * A machine with something of everything a machine can do, and what can be done to it at random. For tests
 * that hold whatever happens.
 */
import { assign, emit, enqueueActions, raise, sendParent, setup } from 'xstate'
import { activity, asks, each } from '../../machines/index.js'
import { defineActor, ref } from '../../runtime/index.js'

type PalEvent = { type: 'HELLO'; from: string } | { type: 'COUNT' }

/** Whom the rich ones ask and tell. Breaks on every fifth. */
export const pal = defineActor({
  machine: setup({
    types: { context: {} as { heard: number; at?: Date }, events: {} as PalEvent },
  }).createMachine({
    id: 'pal',
    context: { heard: 0 },
    on: {
      '*': {
        actions: assign(({ context }) => {
          if (context.heard % 5 === 4 && Math.random() < 0.5) throw new Error('had enough')
          return { heard: context.heard + 1, at: new Date() }
        }),
      },
    },
  }),
  version: '1',
  create: () => undefined,
  selectors: { heard: s => s.context.heard, at: (s, nowMs) => [s.context.at, nowMs] },
})

const kid = setup({
  types: {
    input: {} as { depth: number },
    context: {} as { depth: number; pokes: number },
    events: {} as { type: 'POKE' },
  },
}).createMachine({
  id: 'kid',
  context: ({ input }) => ({ depth: input.depth, pokes: 0 }),
  initial: 'on',
  states: {
    on: {
      after: { 700: 'off' },
      on: {
        POKE: [
          { guard: ({ context }) => context.pokes >= 2, target: 'off' },
          { actions: [assign({ pokes: ({ context }) => context.pokes + 1 }), sendParent({ type: 'POKED' })] },
        ],
      },
    },
    off: { type: 'final' },
  },
  output: ({ context }) => context,
})

export type RichEvent =
  | { type: 'WORK'; fails: number }
  | { type: 'MANY'; items: readonly number[] }
  | { type: 'ASK'; pal: string }
  | { type: 'TELL'; pal: string; times: number }
  | { type: 'RAISE'; kid: string }
  | { type: 'LATER'; ms: number }
  | { type: 'POKED' }
  | { type: 'BACK' }
  | { type: 'BREAK' }
  | { type: 'TICK' }

const machine = setup({
  types: {
    context: {} as {
      log: readonly unknown[]
      fails: number
      items: readonly number[]
      pal: string
      map: Map<string, Date | undefined>
    },
    events: {} as RichEvent,
    emitted: {} as { type: 'LOGGED'; n: number },
  },
  actors: {
    kid,
    work: activity<Date, { fails: number }>(
      async ({ input, attempt, heartbeat }) => {
        heartbeat({ attempt })
        if (attempt <= input.fails) throw Object.assign(new Error(`no ${attempt}`), { code: `E${attempt}` })
        return new Date(attempt)
      },
      { retry: { attempts: 20, initialMs: 50 } },
    ),
    many: each(
      activity<number, number>(
        async ({ input, attempt }) => {
          if (input % 3 === 0 && attempt < 2) throw new Error('once more')
          if (input % 5 === 0) throw Object.assign(new Error('never'), { code: 'NEVER' })
          return input * 2
        },
        { retry: { attempts: 20, initialMs: 30, nonRetryable: ['NEVER'] } },
      ),
      { concurrency: 2 },
    ),
    ask: asks<PalEvent, unknown>('pal', 'at'),
  },
}).createMachine({
  id: 'rich',
  type: 'parallel',
  context: { log: [], fails: 0, items: [], pal: 'p', map: new Map() },
  on: {
    TELL: {
      actions: enqueueActions(({ enqueue, event, self }) => {
        for (let n = 0; n < event.times; n++)
          enqueue.sendTo(ref<PalEvent>('pal', event.pal), { type: 'HELLO', from: self.id })
      }),
    },
    RAISE: {
      actions: enqueueActions(({ enqueue, event }) => {
        enqueue.spawnChild('kid', { id: event.kid, input: { depth: 1 } })
        enqueue.sendTo(event.kid as never, { type: 'POKE' } as never)
        enqueue.sendTo(event.kid as never, { type: 'POKE' } as never, { delay: 300 })
      }),
    },
    LATER: { actions: raise({ type: 'TICK' }, { delay: ({ event }) => event.ms }) },
    TICK: {
      actions: [
        assign({ map: ({ context }) => new Map(context.map).set(`${context.map.size}`, new Date()) }),
      ],
    },
    POKED: { actions: assign({ log: ({ context }) => [...context.log.slice(-20), 'poked'] }) },
    BREAK: {
      actions: assign(() => {
        throw new Error('broken on purpose')
      }),
    },
  },
  states: {
    left: {
      initial: 'idle',
      states: {
        idle: {
          on: {
            WORK: { target: 'working', actions: assign({ fails: ({ event }) => event.fails }) },
            MANY: { target: 'many', actions: assign({ items: ({ event }) => event.items }) },
          },
        },
        working: {
          invoke: {
            src: 'work',
            input: ({ context }) => ({ fails: context.fails }),
            onDone: {
              target: 'idle',
              actions: [
                assign({ log: ({ context, event }) => [...context.log.slice(-20), event.output] }),
                emit(({ context }) => ({ type: 'LOGGED', n: context.log.length })),
              ],
            },
            onError: {
              target: 'idle',
              actions: assign({ log: ({ context, event }) => [...context.log.slice(-20), event.error] }),
            },
          },
          after: { 900: 'idle' },
          on: { BACK: 'idle', WORK: { target: 'working', reenter: true } },
        },
        many: {
          invoke: {
            src: 'many',
            input: ({ context }) => context.items,
            onDone: {
              target: 'idle',
              actions: assign({
                log: ({ context, event }) => [...context.log.slice(-20), event.output.length],
              }),
            },
          },
          on: { BACK: 'idle' },
        },
      },
    },
    right: {
      initial: 'quiet',
      states: {
        quiet: { on: { ASK: { target: 'asking', actions: assign({ pal: ({ event }) => event.pal }) } } },
        asking: {
          invoke: {
            src: 'ask',
            input: ({ context }) => ({ key: context.pal, event: { type: 'COUNT' as const } }),
            onDone: {
              target: 'quiet',
              actions: assign({ log: ({ context, event }) => [...context.log.slice(-20), event.output] }),
            },
            onError: {
              target: 'quiet',
              actions: assign({ log: ({ context, event }) => [...context.log.slice(-20), event.error] }),
            },
          },
        },
        hist: { type: 'history' },
      },
      on: { BACK: '.hist' },
    },
  },
})

export const rich = defineActor({ machine, version: '1', create: () => undefined, snapshotEvery: 6 })
