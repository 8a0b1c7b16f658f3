/** What is exported means the same machine: its states and its transitions, one for one. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import {
  type AnyStateMachine,
  type AnyStateNode,
  and,
  createMachine,
  fromPromise,
  not,
  setup,
  stateIn,
} from 'xstate'
import { fraudAgent } from '../../../machines/lifecycles/fraud-agent.js'
import { orderMachine } from '../../../machines/lifecycles/order.js'
import { riskProfileActor } from '../../../machines/lifecycles/order-actors.js'
import { toStately } from '../../../runtime/export/to-stately.js'
import { defineActor } from '../../../runtime/index.js'
import { randomStatechart } from '../../contracts/logic-random-statechart.js'
import { runs } from '../../support/effort.js'

/** Runs what was exported, as whoever pastes it would. */
function imported(text: string): AnyStateMachine {
  const [first, , ...rest] = text.split('\n')
  assert.equal(first, "import { createMachine } from 'xstate'")
  const code = rest.join('\n').replace(/^export const (\w+)Machine =/, 'return')
  return new Function('createMachine', code)(createMachine)
}

function exported(machine: AnyStateMachine): AnyStateMachine {
  return imported(toStately(defineActor({ machine, type: 'any', version: '1' })))
}

/** All that a diagram could show of a machine: states, and where each event leads under how many conditions. */
function graphOf(machine: AnyStateMachine) {
  const states = (node: AnyStateNode): AnyStateNode[] => [
    node,
    ...Object.values(node.states as Record<string, AnyStateNode>).flatMap(states),
  ]
  const transition = (one: {
    target?: readonly AnyStateNode[] | undefined
    guard?: unknown
    reenter?: boolean
    actions: readonly unknown[]
  }) => ({
    targets: one.target?.map(target => target.id),
    guarded: one.guard !== undefined,
    reenter: one.reenter ?? false,
    actions: one.actions.length,
  })
  return states(machine.root).map(node => ({
    id: node.id,
    type: node.type,
    history: node.history,
    initial: node.type === 'compound' ? node.initial.target.map(target => target.id) : undefined,
    tags: node.tags,
    description: node.description,
    entry: node.entry.length,
    exit: node.exit.length,
    invokes: node.invoke.map(({ id, src }) => ({ id, src })),
    always: (node.always ?? []).map(transition),
    on: [...node.transitions].map(([event, all]) => [event, all.map(transition)]),
  }))
}

suite('the export for Stately Studio', () => {
  for (const [name, machine] of Object.entries<AnyStateMachine>({ order: orderMachine, fraudAgent }))
    test(`keeps each state and each transition of ${name}`, () => {
      assert.deepEqual(graphOf(exported(machine)), graphOf(machine))
    })

  test('keeps those of any statechart', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e6 }), fc.boolean(), (seed, parallel) => {
        const machine = randomStatechart(seed, parallel)
        assert.deepEqual(graphOf(exported(machine)), graphOf(machine))
      }),
      { numRuns: runs(100) },
    )
  })

  test('keeps what is seldom written', () => {
    const machine = setup({
      actors: { deed: fromPromise(async () => 1) },
      guards: { a: () => true, b: () => true },
      delays: { soon: 10 },
    }).createMachine({
      id: 'rare',
      description: 'Rare things.',
      initial: 'one',
      on: { '*': '.two', FORBIDDEN: undefined, 'it’s "odd"\n': { actions: () => {} } },
      states: {
        one: {
          invoke: [
            { src: 'deed', onDone: 'two', onError: { target: 'three', reenter: true } },
            { src: fromPromise(async () => 2) },
          ],
          after: { soon: 'two', 5: [{ guard: and(['a', not('b')]), target: 'three' }, { target: 'two' }] },
        },
        two: {
          on: { BACK: 'past', DEEP: '#here.inner' },
          always: { guard: stateIn('#here'), target: 'three' },
        },
        three: {
          id: 'here',
          initial: 'inner',
          onDone: 'four',
          states: { inner: { on: { END: 'end' } }, end: { type: 'final' } },
        },
        four: {
          type: 'parallel',
          on: { BOTH: { target: ['.left.b', '.right.b'] } },
          states: {
            left: { initial: 'a', states: { a: {}, b: {} } },
            right: { tags: ['slow', 'late'], initial: 'a', states: { a: {}, b: {} } },
          },
        },
        past: { type: 'history', history: 'deep', target: 'two' },
      },
    })
    assert.deepEqual(graphOf(exported(machine)), graphOf(machine))
  })

  test('names what was written inline by what it does', () => {
    const text = toStately(defineActor({ machine: orderMachine, version: '1' }))
    assert.match(text, /^export const orderMachine = createMachine\(\{/m)
    assert.match(text, /"guard": "isNews && isEarly"/)
    assert.match(text, /"assign\(.*verdict.*\)"/)
    assert.doesNotMatch(text, /=>|function/)
  })

  test('has nothing to show of a store', () => {
    assert.throws(() => toStately(riskProfileActor), {
      code: 'InvalidDefinition',
      message: /'risk-profile' cannot be exported: expected a machine, found a store/,
    })
  })
})
