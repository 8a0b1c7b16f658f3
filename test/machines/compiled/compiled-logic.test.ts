import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type AnyMachineSnapshot, assign, createMachine, getNextSnapshot, raise, sendTo, setup } from 'xstate'
import { limits } from '../../../actors/limits.js'
import { machineLogic } from '../../../machines/index.js'
import { executorsOf, SideBySide } from '../../contracts/executors/side-by-side.js'
import { contextAt } from '../../contracts/logic.contract.js'
import { Stepper } from '../stepping.js'

const lights = createMachine({
  id: 'lights',
  context: { n: 0 },
  initial: 'red',
  states: {
    red: { tags: 'stop', meta: { colour: 'red' }, on: { GO: 'green' } },
    green: { on: { GO: { target: 'red', actions: assign({ n: 1 }) } } },
  },
})

test("XState's own functions take a compiled snapshot for one of theirs", () => {
  const { state } = new Stepper(lights)
  const next = getNextSnapshot(lights, state as never, { type: 'GO' })
  assert.deepEqual([next.value, next.context], ['green', { n: 0 }])
  assert.equal(getNextSnapshot(lights, next, { type: 'GO' }).value, 'red')
})

test('a snapshot says all that one of XState says', () => {
  const { state } = new Stepper(lights)
  assert.deepEqual(
    [state.matches('red'), state.hasTag('stop'), state.can({ type: 'GO' }), state.can({ type: 'NO' })],
    [true, true, true, false],
  )
  assert.deepEqual(state.getMeta(), { 'lights.red': { colour: 'red' } })
  assert.deepEqual(JSON.parse(JSON.stringify(state)), {
    status: 'active',
    context: { n: 0 },
    value: 'red',
    tags: ['stop'],
    children: {},
    historyValue: {},
  })
})

test('actors in the same states share value and tags, and nobody can change them for the others', () => {
  const machine = createMachine({
    type: 'parallel',
    states: { a: { initial: 'x', states: { x: {} } }, b: {} },
  })
  const [one, two] = [new Stepper(machine), new Stepper(machine)]
  assert.equal(one.state.value, two.state.value)
  assert.throws(() => {
    ;(one.state.value as Record<string, unknown>).a = 'y'
  }, TypeError)
})

/** Twelve switches, each on or off: 4,096 configurations, and each event leads from each to another. */
const switches = Array.from({ length: 13 }, (_, index) => `s${index}`)
const panel = createMachine({
  type: 'parallel',
  states: Object.fromEntries(
    switches.map(name => [
      name,
      {
        initial: 'off',
        states: { off: { on: { [name]: 'on' } }, on: { on: { [name]: 'off' } } },
      },
    ]),
  ),
})

test('more configurations than are kept change nothing but the memory', () => {
  const logic = machineLogic(panel)
  let { state } = logic.initial(undefined, contextAt(1))
  const expected = new Set<string>()
  // A Gray code visits every one of 8,192 configurations once.
  const count = 2 ** switches.length
  assert.ok(count > limits.configurationsMax)
  for (let at = 1; at < count; at++) {
    const turned = switches[Math.log2(at & -at)]!
    if (!expected.delete(turned)) expected.add(turned)
    state = logic.step(state, { type: 'event', event: { type: turned } }, contextAt(at + 1)).state
  }
  const value = logic.snapshot(state).value as Record<string, string>
  assert.deepEqual(
    Object.keys(value).filter(name => value[name] === 'on'),
    [...expected].sort(),
  )
})

test('raised events see states in the order they became active, which a restart forgets', () => {
  const note = (word: string) =>
    assign({ log: ({ context }: { context: { log: string } }) => `${context.log}${word}` } as never)
  const region = (word: string) => ({
    initial: 'x',
    states: {
      x: { on: { [word]: 'y' } },
      y: {
        always: {
          guard: ({ context }: never) => (context as { log: string }).log !== '',
          target: 'z',
          actions: note(word),
        },
      },
      z: { on: { AGAIN: { actions: note(word) } } },
    },
  })
  const machine = setup({}).createMachine({
    context: { log: '' },
    type: 'parallel',
    states: { a: region('A'), b: region('B'), c: { on: { GO: { actions: note('!') } } } },
  } as never)
  const both = new SideBySide(executorsOf(machine as never))
  for (const type of ['B', 'A', 'GO', 'AGAIN']) both.take({ type: 'event', event: { type } })
  assert.equal((both.snapshot as AnyMachineSnapshot).context.log, '!ABAB')
})

test('what XState means by its own event types is kept, whoever sends them', () => {
  const machine = setup({ actors: { kid: createMachine({ id: 'kid' }) } }).createMachine({
    invoke: { src: 'kid', id: 'kid' },
    initial: 'a',
    states: {
      a: { on: { 'xstate.init': 'b', '*': 'b' } },
      b: { always: { guard: () => true, target: 'c' } },
      c: {},
    },
  })
  const statuses = ['xstate.init', 'xstate.stop', 'xstate.error.actor.x', 'xstate.done.state.m'].map(type => {
    const both = new SideBySide(executorsOf(machine))
    both.take({ type: 'timer', id: 't', event: { type } })
    return [both.snapshot.value, both.snapshot.status, both.effects.length]
  })
  assert.deepEqual(statuses, [
    ['a', 'active', 0],
    ['a', 'stopped', 1],
    ['c', 'active', 0],
    ['c', 'active', 0],
  ])
})

test('an unhandled error of a child stops the others', () => {
  const kid = createMachine({ id: 'kid' })
  const machine = setup({ actors: { kid } }).createMachine({
    invoke: ['one', 'two'].map(id => ({ src: 'kid' as const, id })),
  })
  const both = new SideBySide(executorsOf(machine))
  both.take({ type: 'error', id: 'one', error: { name: 'Error', message: 'no' } })
  assert.deepEqual(both.effects, [
    { type: 'stop', id: 'one' },
    { type: 'stop', id: 'two' },
  ])
  assert.equal(both.snapshot.status, 'error')
})

test('an invoked child can be sent to on entry, in between and on exit', () => {
  const machine = setup({ actors: { kid: createMachine({ id: 'kid' }) } }).createMachine({
    initial: 'a',
    states: {
      a: {
        invoke: { src: 'kid', id: 'kid' },
        entry: [sendTo('kid', { type: 'IN' }), raise({ type: 'TELL' })],
        exit: sendTo('kid', { type: 'OUT' }),
        on: { TELL: { actions: sendTo('kid', { type: 'TOLD' }) }, GO: 'b' },
      },
      b: {},
    },
  })
  const both = new SideBySide(executorsOf(machine))
  const told = () => both.effects.map(effect => (effect.type === 'send' ? effect.event.type : effect.type))
  assert.deepEqual(told(), ['spawn', 'IN', 'TOLD'])
  both.take({ type: 'event', event: { type: 'TELL' } })
  assert.deepEqual(told(), ['TOLD'])
  both.take({ type: 'event', event: { type: 'GO' } })
  assert.deepEqual(told(), ['OUT', 'stop'])
})
