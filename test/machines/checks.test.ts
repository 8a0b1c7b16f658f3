/**
 * What is refused when a machine is defined: each with its own message, naming machine and state.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fromStore } from '@xstate/store'
import {
  type AnyStateMachine,
  and,
  assign,
  createMachine,
  fromCallback,
  fromEventObservable,
  fromObservable,
  fromPromise,
  fromTransition,
  not,
  raise,
  sendTo,
  setup,
  spawnChild,
} from 'xstate'
import { SetupError } from '../../actors/errors.js'
import { activity, asks, defineActor, each } from '../../machines/index.js'

const kid = setup({}).createMachine({ id: 'kid' })
const machineOf = (config: object, implementations: object = {}): AnyStateMachine =>
  createMachine({ id: 'm', ...config } as never, implementations as never)
const stateOf = (config: object, implementations: object = {}) =>
  machineOf({ initial: 'a', states: { a: config, b: {} } }, implementations)

function refusal(machine: AnyStateMachine): SetupError {
  try {
    defineActor({ machine })
  } catch (error) {
    assert.ok(error instanceof SetupError, String(error))
    assert.equal(error.code, 'InvalidDefinition')
    return error
  }
  assert.fail('was not refused')
}

const refused: readonly [what: string, machine: AnyStateMachine, message: string][] = [
  [
    'a missing actor',
    stateOf({ invoke: { src: 'nobody' } }),
    "machine 'm': state 'm.a': invokes the actor 'nobody', which setup({ actors }) does not have",
  ],
  [
    'a missing spawned actor',
    stateOf({ entry: spawnChild('nobody' as never, { id: 'n' } as never) }),
    "state 'm.a' entry: invokes the actor 'nobody'",
  ],
  [
    'a missing action',
    stateOf({ on: { GO: { actions: 'nothing' } } }),
    "state 'm.a' on 'GO': runs the action 'nothing', which setup({ actions }) does not have",
  ],
  [
    'a missing action with params',
    stateOf({ exit: { type: 'nothing', params: {} } }),
    "state 'm.a' exit: runs the action 'nothing'",
  ],
  [
    'a missing action on the way in',
    machineOf({ initial: { target: 'a', actions: 'nothing' }, states: { a: {} } }),
    "state 'm' initial: runs the action 'nothing'",
  ],
  [
    'a missing guard',
    stateOf({ always: { guard: 'nothing', target: 'b' } }),
    "state 'm.a' on 'always': asks the guard 'nothing', which setup({ guards }) does not have",
  ],
  [
    'a missing guard inside another',
    stateOf({ on: { GO: { guard: and([not('nothing' as never)]), target: 'b' } } }),
    "asks the guard 'nothing'",
  ],
  [
    'a missing guard behind a name',
    stateOf({ on: { GO: { guard: 'some', target: 'b' } } }, { guards: { some: not('nothing' as never) } }),
    "asks the guard 'nothing'",
  ],
  [
    'a missing delay of after',
    stateOf({ after: { later: 'b' } }),
    "state 'm.a' after: waits for the delay 'later', which setup({ delays }) does not have: XState would fire at once",
  ],
  [
    'a missing delay of raise',
    stateOf({ entry: raise({ type: 'X' }, { delay: 'later' } as never) }),
    "state 'm.a' entry: waits for the delay 'later'",
  ],
  [
    'a missing delay of sendTo, behind a name',
    stateOf(
      { entry: 'tell' },
      { actions: { tell: sendTo('k', { type: 'X' }, { delay: 'later' } as never) } },
    ),
    "waits for the delay 'later'",
  ],
  [
    'a delay that is none',
    stateOf({ after: { later: 'b' } }, { delays: { later: '5s' } }),
    "waits for the delay 'later', which is string: expected milliseconds or a function",
  ],
  [
    'inline spawnChild',
    stateOf({ entry: spawnChild(kid, { id: 'k' } as never) }),
    "state 'm.a' entry: spawns logic given inline: name it in setup({ actors })",
  ],
  [
    'spawnChild without id',
    stateOf({ entry: spawnChild('kid' as never) }, { actors: { kid } }),
    "state 'm.a' entry: spawns 'kid' by spawnChild without an id",
  ],
  [
    'spawnChild without id, behind a name',
    stateOf({ entry: 'go' }, { actors: { kid }, actions: { go: spawnChild('kid' as never) } }),
    "spawns 'kid' by spawnChild without an id",
  ],
  [
    'spawnChild with systemId',
    stateOf({ entry: spawnChild('kid' as never, { id: 'k', systemId: 's' } as never) }, { actors: { kid } }),
    "spawns 'kid' with systemId 's': there is no actor system shared in memory",
  ],
  [
    'invoke with systemId',
    stateOf({ invoke: { src: 'kid', systemId: 's' } }, { actors: { kid } }),
    "state 'm.a': invokes with systemId 's'",
  ],
  [
    'onSnapshot of an activity',
    stateOf({ invoke: { src: 'work', onSnapshot: 'b' } }, { actors: { work: activity(async () => 1) } }),
    "state 'm.a': listens by onSnapshot to 'work', which has no snapshots",
  ],
  [
    'onSnapshot of a promise',
    stateOf({ invoke: { src: fromPromise(async () => 1), onSnapshot: 'b' } }),
    "listens by onSnapshot to 'xstate.invoke.0.m.a'",
  ],
  [
    'an id twice in one state',
    stateOf(
      {
        invoke: [
          { src: 'kid', id: 'k' },
          { src: 'kid', id: 'k' },
        ],
      },
      { actors: { kid } },
    ),
    "state 'm.a': invokes under the id 'k', as state 'm.a' does, and both can be active at once",
  ],
  [
    'an id twice along a branch',
    machineOf(
      { invoke: { src: 'kid', id: 'k' }, initial: 'a', states: { a: { invoke: { src: 'kid', id: 'k' } } } },
      { actors: { kid } },
    ),
    "state 'm.a': invokes under the id 'k', as state 'm' does",
  ],
  [
    'an id twice in parallel',
    machineOf(
      {
        type: 'parallel',
        states: {
          a: { invoke: { src: 'kid', id: 'k' } },
          b: { initial: 'c', states: { c: { invoke: { src: 'kid', id: 'k' } } } },
        },
      },
      { actors: { kid } },
    ),
    "state 'm.b.c': invokes under the id 'k', as state 'm.a' does",
  ],
  [
    'an id too long',
    stateOf({ invoke: { src: 'kid', id: 'k'.repeat(300) } }, { actors: { kid } }),
    'expected at most 256 encoded bytes, found 300',
  ],
  [
    'an empty id',
    stateOf({ invoke: { src: 'kid', id: '' } }, { actors: { kid } }),
    "invokes under the id '': bad child id",
  ],
  [
    'a callback',
    machineOf({}, { actors: { cb: fromCallback(() => {}) } }),
    "machine 'm': actor 'cb' is a callback, which cannot outlive its process: use activity()",
  ],
  [
    'a callback inline',
    stateOf({ invoke: { src: fromCallback(() => {}) } }),
    "actor 'xstate.invoke.0.m.a' is a callback",
  ],
  [
    'an observable',
    machineOf(
      {},
      { actors: { ob: fromObservable(() => ({ subscribe: () => ({ unsubscribe() {} }) }) as never) } },
    ),
    "actor 'ob' is an observable, which cannot outlive its process",
  ],
  [
    'an event observable',
    machineOf(
      {},
      { actors: { ob: fromEventObservable(() => ({ subscribe: () => ({ unsubscribe() {} }) }) as never) } },
    ),
    "actor 'ob' is an observable",
  ],
  [
    'fromStore',
    machineOf({}, { actors: { st: fromStore({ context: { n: 0 }, on: { inc: (c: { n: number }) => c } }) } }),
    "actor 'st' is logic of an unknown kind, which cannot outlive its process: use activity(), asks(), each(), a machine, fromTransition, or the machine of a store definition",
  ],
  [
    'something else as actor',
    machineOf({}, { actors: { what: 5 } }),
    "actor 'what' is logic of an unknown kind",
  ],
  [
    'an always to itself',
    stateOf({ always: 'a' }),
    "state 'm.a': has an always without a guard that never settles: 'm.a' → 'm.a'",
  ],
  [
    'an always that only assigns',
    stateOf({ always: { actions: assign({}) } }),
    "never settles: 'm.a' → 'm.a'",
  ],
  [
    'a round of always',
    machineOf({
      initial: 'a',
      states: { a: { always: 'b' }, b: { initial: 'c', states: { c: { always: '#m.a' } } } },
    }),
    "never settles: 'm.a' → 'm.b.c' → 'm.a'",
  ],
  [
    'an always of a parent into itself',
    machineOf({ initial: 'p', states: { p: { always: '.c', initial: 'c', states: { c: {} } } } }),
    "never settles: 'm.p.c' → 'm.p.c'",
  ],
  [
    'a reserved event',
    stateOf({ on: { 'xstate.after.5.m.a': 'b' } }),
    "state 'm.a': listens for 'xstate.after.5.m.a', which is reserved",
  ],
  ['a reserved wildcard', machineOf({ on: { 'xstate.*': {} } }), "state 'm': listens for 'xstate.*'"],
  ['an engine event', machineOf({ on: { $start: {} } }), "listens for '$start', which is reserved"],
  [
    'a route',
    machineOf({ initial: 'a', states: { a: { id: 'a', route: {} } } }),
    "state 'a': has a route, whose event 'xstate.route' is reserved",
  ],
  [
    'a function in the context',
    machineOf({ context: { deep: { run: () => {} } } }),
    "machine 'm': context: deep.run is a function, which cannot be stored",
  ],
  [
    'an instance in the context',
    machineOf({ context: { list: [new (class Thing {})()] } }),
    'context: list[0] is an instance of Thing',
  ],
  [
    'a child with a problem',
    machineOf({}, { actors: { sick: createMachine({ id: 'sick', entry: 'nothing' as never }) } }),
    "machine 'sick': state 'sick' entry: runs the action 'nothing'",
  ],
  [
    'an inline child with a problem',
    stateOf({ invoke: { src: createMachine({ id: 'sick', entry: 'nothing' as never }) } }),
    "machine 'sick': state 'sick' entry: runs the action 'nothing'",
  ],
]

for (const [what, machine, message] of refused)
  test(`${what} is refused`, () => {
    const { message: found } = refusal(machine)
    assert.ok(found.includes(message), found)
  })

test('all problems are told at once', () => {
  const error = refusal(stateOf({ entry: 'one', exit: 'two' }))
  assert.match(error.message, /machine 'm' has 2 problems:\n- .*'one'.*\n- .*'two'/)
  assert.equal((error.details.problems as unknown[]).length, 2)
})

const fine: readonly [what: string, machine: AnyStateMachine][] = [
  [
    'an id twice in states that exclude each other',
    machineOf(
      {
        initial: 'a',
        states: { a: { invoke: { src: 'kid', id: 'k' } }, b: { invoke: { src: 'kid', id: 'k' } } },
      },
      { actors: { kid } },
    ),
  ],
  ['a guarded always', stateOf({ always: { guard: () => false, target: 'a' } })],
  [
    'a chain of always',
    machineOf({ initial: 'a', states: { a: { always: 'b' }, b: { always: 'c' }, c: {} } }),
  ],
  [
    'an always into the end',
    machineOf({
      initial: 'a',
      always: { guard: () => true, target: '.z' },
      states: { a: {}, z: { type: 'final' } },
    }),
  ],
  ['an always without target that only acts', stateOf({ always: { actions: () => {} } })],
  [
    'listening for a spawned child',
    machineOf({ on: { 'xstate.done.actor.k': {}, 'xstate.error.actor.*': {}, 'xstate.snapshot.k': {} } }),
  ],
  [
    'every kind of source',
    machineOf(
      {},
      {
        actors: {
          kid,
          work: activity(async () => 1),
          plain: fromPromise(async () => 1),
          sum: fromTransition((n: number) => n, 0),
          ask: asks('other', 'n'),
          many: each(activity(async () => 1)),
          store: defineActor({ type: 's', store: { context: { n: 0 }, on: { inc: context => context } } })
            .machine,
        },
      },
    ),
  ],
  [
    'a context with dates, maps and undefined',
    machineOf({ context: { at: new Date(0), map: new Map(), none: undefined } }),
  ],
  [
    'numeric delays and delay functions',
    stateOf({ after: { 5: 'b', later: 'b' } }, { delays: { later: () => 5 } }),
  ],
]

for (const [what, machine] of fine)
  test(`${what} is fine`, () => {
    defineActor({ machine })
  })
