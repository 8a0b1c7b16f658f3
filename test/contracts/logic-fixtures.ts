/**
 * Machines and stores that between them use every construct a step can meet.
 */
import { createStore } from '@xstate/store'
import {
  type AnyActorRef,
  type AnyStateMachine,
  assign,
  cancel,
  emit,
  enqueueActions,
  fromPromise,
  fromTransition,
  raise,
  sendParent,
  sendTo,
  setup,
  stopChild,
} from 'xstate'
import type { ActorLogic, Stimulus } from '../../actors/logic.js'
import { activity, ref, storeLogic } from '../../machines/index.js'
import type { LogicUnderTest } from './logic.contract.js'

const events = (...types: string[]): Stimulus[] =>
  types.map(type => ({ type: 'event', event: { type, by: 3 } }))
const done = (id: string, output: unknown): Stimulus => ({ type: 'done', id, output })
const failed = (id: string): Stimulus => ({
  type: 'error',
  id,
  error: { name: 'Error', message: 'no', code: 'E' },
})
const due = (type: string): Stimulus => ({ type: 'timer', id: type, event: { type } })

const kid = setup({}).createMachine({ id: 'kid', initial: 'a', states: { a: {} } })

/** Two regions whose eventless transitions fire together: order of active nodes decides. */
const simultaneous = setup({
  types: { context: {} as { log: string[]; n: number }, events: {} as { type: 'A' | 'B' | 'C' | 'BACK' } },
})

const note = (word: string) => simultaneous.assign({ log: ({ context }) => [...context.log, word] })
const more = simultaneous.assign({ n: ({ context }) => context.n + 2 })
const reset = simultaneous.assign({ n: 0 })

const parallel = simultaneous.createMachine({
  id: 'parallel',
  type: 'parallel',
  context: { log: [], n: 0 },
  states: {
    left: {
      initial: 'idle',
      states: {
        idle: { on: { A: 'busy', C: 'wait' } },
        wait: {
          always: { guard: ({ context }) => context.n > 2, target: 'idle', actions: note('left') },
          on: { B: { actions: more } },
        },
        busy: { tags: 'busy', on: { BACK: 'idle' } },
      },
    },
    right: {
      initial: 'idle',
      states: {
        idle: { on: { A: 'wait', B: 'wait' } },
        wait: {
          always: {
            guard: ({ context }) => context.n > 2,
            target: 'idle',
            actions: [note('right'), reset],
          },
          on: { C: { actions: more }, B: { actions: more } },
        },
      },
    },
  },
})

const history = setup({}).createMachine({
  id: 'history',
  initial: 'on',
  states: {
    on: {
      initial: 'one',
      states: {
        one: { on: { NEXT: 'two' } },
        two: {
          initial: 'x',
          states: { x: { on: { NEXT: 'y' } }, y: { on: { NEXT: '#history.on.one' } } },
        },
        shallow: { type: 'history' },
        deep: { type: 'history', history: 'deep' },
      },
      on: { OFF: 'off' },
    },
    off: { on: { SHALLOW: 'on.shallow', DEEP: 'on.deep', RESTART: 'on' } },
  },
})

const timers = setup({
  types: { context: {} as { n: number } },
  delays: { soon: ({ context }) => 100 * (context.n + 1) },
}).createMachine({
  id: 'timers',
  initial: 'waiting',
  context: { n: 0 },
  states: {
    waiting: {
      after: { 1000: 'late', soon: { actions: assign({ n: ({ context }) => context.n + 1 }) } },
      on: {
        PING: {
          actions: [
            raise({ type: 'ECHO' }, { delay: 50 }),
            sendTo(() => ref('other', 'one'), { type: 'HI' }, { delay: 10, id: 'hi' }),
          ],
        },
        ECHO: { target: 'waiting', reenter: true },
        QUIET: { actions: cancel('hi') },
      },
    },
    late: { on: { PING: 'waiting' } },
  },
})

const children = setup({
  types: {
    context: {} as { refs: AnyActorRef[]; last: unknown; when: Date; odd: Map<string, unknown> },
    emitted: {} as { type: 'SPAWNED'; n: number },
  },
  actors: {
    kid,
    work: activity(async () => 1),
    plain: fromPromise(async () => 2),
    sum: fromTransition((n: number) => n + 1, 0),
  },
}).createMachine({
  id: 'children',
  initial: 'idle',
  context: { refs: [], last: undefined, when: new Date(0), odd: new Map([['u', undefined]]) },
  states: {
    idle: {
      on: {
        SPAWN: {
          actions: [
            assign({ refs: ({ context, spawn }) => [...context.refs, spawn('kid')] }),
            emit(({ context }) => ({ type: 'SPAWNED', n: context.refs.length })),
          ],
        },
        NAMED: {
          actions: assign({
            refs: ({ context, spawn }) => [
              ...context.refs,
              spawn('sum', { id: 'sum', input: context.refs.length }),
            ],
          }),
        },
        TELL: {
          actions: enqueueActions(({ context, enqueue }) => {
            for (const child of context.refs) enqueue.sendTo(child, { type: 'X', children: context.refs })
          }),
        },
        STOP: {
          actions: [
            stopChild(({ context }) => context.refs[0] as AnyActorRef),
            assign({ refs: ({ context }) => context.refs.slice(1) }),
          ],
        },
        WORK: 'working',
        UP: { actions: sendParent({ type: 'UP' }) },
        STAMP: { actions: assign({ when: () => new Date(), last: () => Math.random() }) },
      },
    },
    working: {
      entry: sendTo('helper', { type: 'START' }),
      invoke: [
        {
          src: 'work',
          id: 'work',
          input: ({ context }) => ({ n: context.refs.length }),
          onDone: { target: 'idle', actions: assign({ last: ({ event }) => event.output }) },
          onError: 'idle',
        },
        {
          src: 'kid',
          id: 'helper',
          onSnapshot: { actions: assign({ last: ({ event }) => event.snapshot }) },
        },
        { src: 'plain' },
      ],
      on: { AGAIN: { target: 'working', reenter: true }, FLASH: 'flash' },
    },
    // Its invocation never lives: the state is left at once.
    flash: { invoke: { src: 'kid', id: 'brief' }, entry: sendTo('brief', { type: 'HI' }), always: 'idle' },
  },
})

const ending = setup({
  types: { context: {} as { n: number }, output: {} as { n: number; at: number } },
  actors: { kid },
}).createMachine({
  id: 'ending',
  initial: 'open',
  context: ({ input }: { input: unknown }) => ({ n: (input as { n: number }).n }),
  output: ({ context }) => ({ n: context.n, at: Date.now() }),
  invoke: { src: 'kid', id: 'kid' },
  exit: () => {},
  states: {
    open: {
      on: {
        ADD: { actions: assign({ n: ({ context, event }) => context.n + (event.by as number) }) },
        BAD: {
          guard: () => {
            throw new Error('bad guard')
          },
          target: 'open',
        },
        WORSE: {
          actions: assign(() => {
            throw new Error('bad assign')
          }),
        },
        '*': { guard: ({ context }) => context.n > 8, target: 'closed' },
        SILENT: undefined,
      },
    },
    closed: { type: 'final' },
  },
})

const ledger = {
  context: (input: { owner: string }) => ({ owner: input.owner, total: 0, seen: new Set<number>() }),
  on: {
    add: (
      context: { owner: string; total: number; seen: Set<number> },
      event: { by: number },
      enqueue: {
        emit: Record<string, (payload: object) => void>
        effect(run: () => void): void
        trigger: Record<string, (payload: object) => void>
      },
    ) => {
      enqueue.emit.added?.({ by: event.by })
      enqueue.effect(() => {})
      if (context.total > 20) enqueue.trigger.reset?.({})
      return {
        ...context,
        total: context.total + event.by,
        seen: new Set([...context.seen, event.by, context.total]),
      }
    },
    reset: (context: { owner: string; total: number; seen: Set<number> }) => ({
      ...context,
      total: 0,
      at: Date.now(),
    }),
    fail: () => {
      throw new Error('no')
    },
  },
}

type LogicOf = (machine: AnyStateMachine) => ActorLogic

export const fixtures = (machineLogic: LogicOf): readonly LogicUnderTest[] => [
  {
    name: 'parallel machine',
    logic: machineLogic(parallel),
    input: undefined,
    stimuli: events('A', 'B', 'C', 'BACK'),
  },
  {
    name: 'history machine',
    logic: machineLogic(history),
    input: undefined,
    stimuli: events('NEXT', 'OFF', 'SHALLOW', 'DEEP', 'RESTART'),
  },
  {
    name: 'timer machine',
    logic: machineLogic(timers),
    input: undefined,
    stimuli: [
      ...events('PING', 'QUIET'),
      due('ECHO'),
      due('xstate.after.1000.timers.waiting'),
      due('xstate.after.soon.timers.waiting'),
    ],
  },
  {
    name: 'machine with children',
    logic: machineLogic(children),
    input: undefined,
    stimuli: [
      ...events('SPAWN', 'NAMED', 'TELL', 'STOP', 'WORK', 'AGAIN', 'FLASH', 'UP', 'STAMP'),
      done('work', { a: undefined }),
      done('helper', 1),
      failed('work'),
      failed('helper'),
      { type: 'snapshot', id: 'helper', snapshot: { value: 'a' } },
    ],
  },
  {
    name: 'machine that ends',
    logic: machineLogic(ending),
    input: { n: 1 },
    stimuli: [...events('ADD', 'BAD', 'WORSE', 'SILENT', 'OTHER'), failed('kid')],
    mayThrow: true,
  },
  {
    name: 'store config',
    logic: storeLogic(ledger) as ActorLogic,
    input: { owner: 'me' },
    stimuli: events('add', 'reset', 'fail', 'constructor', 'unknown'),
    mayThrow: true,
  },
  {
    name: 'store',
    logic: storeLogic(
      createStore({
        context: { n: 0 },
        on: { inc: (context, event: { by: number }) => ({ n: context.n + event.by }) },
      }),
    ) as ActorLogic,
    input: undefined,
    stimuli: events('inc', 'toString'),
  },
  {
    name: 'reducer',
    logic: reducer(machineLogic),
    input: { from: 2 },
    stimuli: events('ADD', 'OTHER'),
  },
]

function reducer(machineLogic: LogicOf): ActorLogic {
  const logic = fromTransition(
    (state: { n: number }, event: { type: string; by?: number }, { emit: tell }) => {
      tell({ type: 'CHANGED' })
      return event.type === 'ADD' ? { n: state.n + (event.by ?? 0) } : state
    },
    ({ input }: { input: { from: number } }) => ({ n: input.from }),
  )
  const parent = setup({ actors: { logic } }).createMachine({
    id: 'p',
    invoke: { src: 'logic', input: { from: 1 } },
  })
  const source = machineLogic(parent).source('logic')
  if (source?.kind !== 'child') throw new Error('a reducer is a child')
  return source.logic
}
