/**
 * What this room relies on in XState and its store, each fact on its own. When one of these fails after an
 * upgrade, the room has to change with it; until then the versions are the measured ones.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import { createStore } from '@xstate/store'
import {
  type AnyActorLogic,
  type AnyStateMachine,
  assign,
  createMachine,
  emit,
  raise,
  StateMachine,
  sendTo,
  setup,
  spawnChild,
  stopChild,
} from 'xstate'
import { standIn } from '../../machines/xstate/stand-in.js'
import { unlawful } from './xstate-fixtures.js'

function installedVersion(name: string): string {
  const entry = createRequire(import.meta.url).resolve(name)
  const root = entry.slice(0, entry.lastIndexOf(`/node_modules/${name}/`))
  return JSON.parse(readFileSync(`${root}/node_modules/${name}/package.json`, 'utf8')).version
}

interface Listed {
  readonly type: string
  readonly params: Record<string, unknown> | undefined
}

/** A scope as XState wants one, which only writes down. */
function scope(listed: Listed[], seen: { type: string; [field: string]: unknown }[] = []) {
  const system = {
    _bookId: () => 'booked',
    _sendInspectionEvent: (event: { type: string }) => seen.push(event),
    _logger: () => {},
    _clock: {},
    _set: () => {},
  }
  return {
    self: { system, id: 'self' },
    system,
    defer: () => {},
    actionExecutor: (action: Listed) => listed.push(action),
  } as never
}

function transition(machine: AnyStateMachine, type: string, listed: Listed[] = [], seen: never[] = []) {
  const state = machine.getInitialSnapshot(scope([]), undefined)
  return machine.transition(state, { type }, scope(listed, seen))
}

const child = standIn() as AnyActorLogic

test('XState and its store are the versions that were measured', () => {
  assert.equal(installedVersion('xstate'), '5.33.3')
  assert.equal(installedVersion('@xstate/store'), '4.2.3')
})

test('transition runs over a scope of ours, lists actions and executes none', () => {
  const listed: Listed[] = []
  const machine = createMachine({
    on: { GO: { actions: [emit({ type: 'X' }), raise({ type: 'Y' }, { delay: 3 }), raise({ type: 'Z' })] } },
  })
  transition(machine, 'GO', listed)
  assert.deepEqual(
    listed.map(({ type, params }) => [type, params?.delay]),
    [
      ['xstate.emit', undefined],
      ['xstate.raise', 3],
      ['xstate.raise', undefined],
    ],
  )
})

test('after is a delayed raise whose id is its event type, and a cancel on exit', () => {
  const listed: Listed[] = []
  const machine = createMachine({
    id: 'm',
    initial: 'a',
    states: { a: { after: { 5: 'b' }, on: { GO: 'b' } }, b: {} },
  })
  machine.getInitialSnapshot(scope(listed), undefined)
  assert.deepEqual(
    [listed[0]?.type, listed[0]?.params],
    ['xstate.raise', { event: { type: 'xstate.after.5.m.a' }, id: 'xstate.after.5.m.a', delay: 5 }],
  )
  const left: Listed[] = []
  transition(machine, 'GO', left)
  assert.deepEqual([left[0]?.type, left[0]?.params], ['xstate.cancel', { sendId: 'xstate.after.5.m.a' }])
})

test('every child made, by invoke, spawnChild or spawn, is announced before its logic is asked for a first state', () => {
  const order: string[] = []
  const logic = {
    ...(child as object),
    getInitialSnapshot: () => order.push('asked'),
  } as unknown as AnyActorLogic
  const machine = setup({ actors: { logic } }).createMachine({
    context: {},
    invoke: { src: 'logic' },
    entry: [spawnChild('logic', { id: 'named' }), assign(({ spawn }) => ({ made: spawn('logic') }))],
  })
  const seen: { type: string; actorRef?: unknown }[] = []
  const system = {
    _bookId: () => 'booked',
    _logger: () => {},
    _clock: {},
    _sendInspectionEvent: (event: { type: string; actorRef?: { id: string } }) => {
      if (event.type === '@xstate.actor') order.push(event.actorRef?.id ?? '')
      seen.push(event)
    },
  }
  machine.getInitialSnapshot(
    { self: { system }, system, defer: () => {}, actionExecutor: () => {} } as never,
    undefined,
  )
  assert.deepEqual(order, ['named', 'asked', 'booked', 'asked', '0.(machine)', 'asked'])
})

test('spawn is not in the list of actions, spawnChild is, with the child it made', () => {
  const listed: Listed[] = []
  const machine = setup({ actors: { child } }).createMachine({
    context: {},
    on: {
      GO: {
        actions: [
          assign(({ spawn }) => ({ made: spawn('child', { id: 'quiet' }) })),
          spawnChild('child', { id: 'loud' }),
        ],
      },
    },
  })
  const next = transition(machine, 'GO', listed)
  assert.deepEqual(
    listed.map(action => action.type),
    ['xstate.spawnChild'],
  )
  assert.deepEqual(Object.keys(next.children), ['quiet', 'loud'])
  assert.equal(listed[0]?.params?.actorRef, next.children.loud)
})

test('spawnChild without an id is kept under "undefined", with an id the system booked', () => {
  const machine = setup({ actors: { child } }).createMachine({ on: { GO: { actions: spawnChild('child') } } })
  const { children } = transition(machine, 'GO')
  assert.deepEqual(Object.keys(children), ['undefined'])
  assert.equal((children as unknown as Record<string, { id: string }>).undefined?.id, 'booked')
})

test('stopChild lists the child itself and takes it from the children', () => {
  const listed: Listed[] = []
  const machine = setup({ actors: { child } }).createMachine({
    invoke: { src: 'child', id: 'c' },
    on: { GO: { actions: stopChild('c') } },
  })
  const next = transition(machine, 'GO', listed)
  assert.equal(listed[0]?.params?.id, 'c')
  assert.deepEqual(next.children, {})
})

test('a sendTo on entry is listed before the birth of the invoked child it is for, and learns of it later', () => {
  const listed: Listed[] = []
  const machine = setup({ actors: { child } }).createMachine({
    initial: 'a',
    states: {
      a: { on: { GO: 'b' } },
      b: { entry: sendTo('c', { type: 'HI' }), invoke: { src: 'child', id: 'c' } },
    },
  })
  const next = transition(machine, 'GO', listed)
  assert.deepEqual(
    listed.map(action => action.type),
    ['xstate.sendTo', 'xstate.spawnChild'],
  )
  assert.equal(listed[0]?.params?.to, next.children.c)
})

test('the first microstep tells which transitions were taken; an unhandled event gives back the same snapshot', () => {
  const machine = createMachine({ on: { GO: { actions: emit({ type: 'X' }) }, NO: undefined } })
  const taken = (type: string) => {
    const seen: { type: string; _transitions?: { target: unknown; actions: unknown[] }[] }[] = []
    const state = machine.getInitialSnapshot(scope([]), undefined)
    const next = machine.transition(state, { type }, scope([], seen as never))
    return [
      seen
        .find(event => event.type === '@xstate.microstep')
        ?._transitions?.map(each => [each.target, each.actions.length]),
      next === state,
    ]
  }
  assert.deepEqual(taken('GO'), [[[undefined, 1]], true])
  assert.deepEqual(taken('NO'), [[[undefined, 0]], true])
  assert.deepEqual(taken('STRANGER'), [[], true])
})

test('the first transition catches what user code throws, later ones do not', () => {
  const broken = createMachine({
    context: () => {
      throw new Error('no context')
    },
  })
  assert.equal(broken.getInitialSnapshot(scope([]), undefined).status, 'error')
  const later = createMachine({
    context: {},
    on: {
      GO: {
        actions: assign(() => {
          throw new Error('no assign')
        }),
      },
    },
  })
  assert.throws(() => transition(later, 'GO'), /no assign/)
})

test('a done snapshot still takes events, and an unhandled error of a child ends the machine', () => {
  const machine = createMachine({
    initial: 'a',
    states: { a: { type: 'final' } },
    on: { GO: { actions: emit({ type: 'X' }) } },
  })
  const listed: Listed[] = []
  transition(machine, 'GO', listed)
  assert.ok(listed.some(action => action.type === 'xstate.emit'))
  const alive = createMachine({ initial: 'a', states: { a: {} } })
  const failed = transition(alive, 'xstate.error.actor.x')
  assert.equal(failed.status, 'error')
})

test('a named delay without an implementation fires at once', () => {
  const machine = createMachine({ initial: 'a', states: { a: { after: { nameless: 'b' } }, b: {} } })
  assert.equal(machine.getInitialSnapshot(scope([]), undefined).value, 'b')
  const listed: Listed[] = []
  machine.getInitialSnapshot(scope(listed), undefined)
  assert.equal(listed[0]?.params?.delay, undefined)
})

test('maxIterations ends an always that never settles', () => {
  const machine = createMachine({
    options: { maxIterations: 10 },
    context: { n: 0 },
    initial: 'a',
    states: { a: { on: { GO: 'b' } }, b: { always: 'c' }, c: { always: 'b' } },
  } as never)
  assert.throws(() => transition(machine, 'GO'), /more than 10 microsteps/)
})

test('a static context is one object in all actors', () => {
  const machine = createMachine({ context: { list: [] } })
  const [one, two] = [
    machine.getInitialSnapshot(scope([]), undefined),
    machine.getInitialSnapshot(scope([]), undefined),
  ]
  assert.equal(one.context, two.context)
})

test('active states are kept in the order they were entered, and the value follows it', () => {
  const machine = createMachine({
    type: 'parallel',
    states: {
      a: { initial: 'x', states: { x: { on: { GO: 'y' } }, y: {} } },
      b: { initial: 'x', states: { x: {} } },
    },
  })
  const next = transition(machine, 'GO')
  assert.deepEqual(
    next._nodes.map(node => node.path.join('.')),
    ['', 'a', 'b', 'b.x', 'a.y'],
  )
  const again = machine.resolveState({ value: next.value, context: {} })
  assert.notDeepEqual(
    again._nodes.map(node => node.id),
    next._nodes.map(node => node.id),
  )
})

test("a parallel state's history child, first entered from inside, gives an illegal configuration", () => {
  const machine = createMachine(unlawful)
  const next = transition(machine, 'GO')
  const active = new Set(next._nodes.map(node => node.path.join('.')))
  assert.deepEqual([active.has('p'), active.has('p.a')], [false, true])
})

test('provide cannot replace an inline invocation, a rebuilt config can', () => {
  const inline = standIn()
  const machine = createMachine({ invoke: { src: inline as never, id: 'c' } })
  assert.equal(
    machine.provide({ actors: { 'xstate.invoke.0.(machine)': child } }).root.config.invoke,
    machine.root.config.invoke,
  )
  const rebuilt = new StateMachine({ ...machine.config, invoke: { src: child, id: 'c' } } as never)
  const { children } = rebuilt.getInitialSnapshot(scope([]), undefined)
  assert.equal((children as unknown as Record<string, { logic: unknown; src: unknown }>).c?.logic, child)
  assert.equal(
    (children as unknown as Record<string, { logic: unknown; src: unknown }>).c?.src,
    'xstate.invoke.0.(machine)',
  )
})

test('a store dispatches without asking whether the event is its own', () => {
  const store = createStore({ context: { n: 0 }, on: { inc: context => ({ n: context.n + 1 }) } })
  const [next] = store.transition(store.getSnapshot(), { type: 'toString' } as never)
  assert.equal(typeof next.context, 'string')
  assert.deepEqual(Object.keys(store.trigger), ['inc'])
})
