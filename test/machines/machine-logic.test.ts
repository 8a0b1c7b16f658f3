import assert from 'node:assert/strict'
import { test } from 'node:test'
import { and, assign, createMachine, setup } from 'xstate'
import { behaviour } from '../../actors/definition.js'
import { defineActor, machineLogic, referenceLogic } from '../../machines/index.js'
import { contextAt } from '../contracts/logic.contract.js'

/** What XState may come to have one day: a guard and an action of its own that nobody here has heard of. */
const strangeGuard = Object.assign(() => true, { check: () => true })
const strangeAction = Object.assign(() => {}, { type: 'xstate.new', resolve: () => [] })

const executorOf = (machine: unknown, given: object = {}) =>
  defineActor({ machine, type: 't', version: '1', ...given } as never)[behaviour].executor

test('a definition says what executes it: compiled, unless it asks for the reference', () => {
  const machine = createMachine({ id: 'm' })
  assert.deepEqual(executorOf(machine), { kind: 'compiled' })
  assert.deepEqual(executorOf(machine, { executor: 'reference' }), {
    kind: 'reference',
    reason: 'the definition asks for it',
  })
  const store = defineActor({
    type: 's',
    version: '1',
    store: { context: {}, on: { inc: (context: object) => context } },
  } as never)
  assert.equal(store[behaviour].executor, undefined)
})

const unknown = {
  "state 'm.a' has a guard of an unknown kind": {
    initial: 'a',
    states: { a: { on: { GO: { guard: strangeGuard, target: 'b' } } }, b: {} },
  },
  "state 'm' has an action of XState's own of an unknown kind": { entry: strangeAction },
  "state 'm.#b' has an unusual key": { initial: 'a', states: { a: {}, '#b': {} } },
  "state 'm.h' is a history state that leads to itself": {
    initial: 'h',
    states: { h: { type: 'history' }, a: {} },
  },
  "state 'm.h' is a history state whose default target is not there": {
    initial: 'a',
    states: { a: {}, h: { type: 'history', target: 'nowhere' } },
  },
  'two states have the same id': { initial: 'a', states: { a: { id: 'x' }, b: { id: 'x' } } },
}

for (const [reason, config] of Object.entries(unknown))
  test(`left to the reference: ${reason}`, () => {
    const machine = createMachine({ id: 'm', ...config } as never)
    assert.deepEqual(executorOf(machine), { kind: 'reference', reason })
  })

test('named parts of an unknown kind count as well', () => {
  const machine = setup({ guards: { odd: strangeGuard } }).createMachine({ id: 'm' })
  assert.deepEqual(executorOf(machine), {
    kind: 'reference',
    reason: "guard 'odd' is XState's own and of an unknown kind",
  })
  const acting = setup({ actions: { odd: strangeAction as never } }).createMachine({ id: 'm' })
  assert.deepEqual(executorOf(acting), {
    kind: 'reference',
    reason: "action 'odd' is XState's own and of an unknown kind",
  })
})

test('what is left to the reference runs there', () => {
  const machine = createMachine({
    id: 'm',
    context: { n: 0 },
    on: {
      GO: { guard: and([strangeGuard]), actions: assign({ n: 1 }) },
      HI: { guard: strangeGuard as never },
    },
  })
  const logic = machineLogic(machine)
  const { state } = logic.initial(undefined, contextAt(1))
  const next = logic.step(state, { type: 'event', event: { type: 'GO' } }, contextAt(2))
  assert.deepEqual(logic.snapshot(next.state).context, { n: 1 })
})

test('the same machine gives the same logic, and either executor goes on with what the other stored', () => {
  const machine = createMachine({
    context: { n: 0 },
    on: { GO: { actions: assign({ n: ({ context }) => (context as { n: number }).n + 1 }) } },
  })
  assert.equal(machineLogic(machine), machineLogic(machine))
  assert.equal(referenceLogic(machine), referenceLogic(machine))
  const logics = [machineLogic(machine), referenceLogic(machine)] as const
  let bytes = logics[0].encode(logics[0].initial(undefined, contextAt(1)).state)
  for (let seq = 2; seq < 8; seq++) {
    const logic = logics[seq % 2]!
    const step = logic.step(logic.decode(bytes), { type: 'event', event: { type: 'GO' } }, contextAt(seq))
    bytes = logic.encode(step.state)
  }
  assert.deepEqual(logics[0].snapshot(logics[0].decode(bytes)).context, { n: 6 })
})
