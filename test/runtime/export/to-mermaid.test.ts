/** The diagram shows each state and each transition, in text that breaks nothing. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { assign, createMachine, raise, setup } from 'xstate'
import { orderMachine } from '../../../machines/lifecycles/order.js'
import { riskProfileActor } from '../../../machines/lifecycles/order-actors.js'
import { type GraphState, graphView } from '../../../machines/view/graph-view.js'
import { toMermaid } from '../../../runtime/export/to-mermaid.js'
import { defineActor } from '../../../runtime/index.js'
import { randomStatechart } from '../../contracts/logic-random-statechart.js'
import { anyCharacter } from '../../support/any-value.js'
import { runs } from '../../support/effort.js'

const drawn = (machine: Parameters<typeof graphView>[0]) =>
  toMermaid(defineActor({ machine, type: 'any', version: '1' }))

/** How many states and arrows there are to draw. */
function sizeOf(state: GraphState): { states: number; arrows: number } {
  const below = state.children.map(sizeOf)
  return {
    states: 1 + below.reduce((sum, one) => sum + one.states, 0),
    arrows:
      state.transitions.reduce((sum, one) => sum + one.targets.length, 0) +
      below.reduce((sum, one) => sum + one.arrows, 0),
  }
}

/** The same, counted in a diagram. Arrows from and to `[*]` are not transitions. */
function sizeOfText(text: string) {
  const lines = text.split('\n').map(line => line.trim())
  return {
    states: lines.filter(line => line.startsWith('state "')).length,
    arrows: lines.filter(line => / --> /.test(line) && !line.includes('[*]')).length,
  }
}

suite('the diagram', () => {
  test('of a small machine', () => {
    const machine = setup({
      types: { context: {} as { n: number } },
      guards: { open: () => true },
      actions: { ring: () => {} },
    }).createMachine({
      id: 'door',
      context: { n: 0 },
      initial: 'closed',
      states: {
        closed: {
          entry: 'ring',
          on: {
            OPEN: { guard: 'open', target: 'open', actions: [assign({ n: 1 }), 'ring'] },
            KNOCK: { actions: 'ring' },
          },
        },
        open: { after: { 1000: 'closed' }, on: { REMOVE: 'gone', 'BACK: now': 'before' } },
        before: { type: 'history' },
        gone: { type: 'final' },
      },
    })
    assert.equal(
      drawn(machine),
      [
        'stateDiagram-v2',
        '  state "door" as door {',
        '    [*] --> door_closed',
        '    state "closed" as door_closed',
        '    state "open" as door_open',
        '    state "H" as door_before',
        '    state "gone" as door_gone',
        '    door_gone --> [*]',
        '  }',
        '  door_closed : entry / ring',
        '  door_closed : KNOCK / ring',
        '  door_closed --> door_open : OPEN [open] / assign(n), ring',
        '  door_open --> door_gone : REMOVE',
        '  door_open --> door_before : BACK#58; now',
        '  door_open --> door_closed : after 1000 ms',
        '',
      ].join('\n'),
    )
  })

  test('of parallel states has a region for each', () => {
    const machine = createMachine({
      id: 'm',
      type: 'parallel',
      states: { a: { initial: 'x', states: { x: {} } }, b: {}, c: { entry: raise({ type: 'E' }) } },
    })
    assert.equal(drawn(machine).match(/^ +--$/gm)?.length, 2)
    assert.match(drawn(machine), /m_c : entry \/ raise\(E\)/)
  })

  test('of an order, or any statechart, has each state and each transition once', () => {
    assert.deepEqual(sizeOfText(drawn(orderMachine)), sizeOf(graphView(orderMachine)))
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e6 }), fc.boolean(), (seed, parallel) => {
        const machine = randomStatechart(seed, parallel)
        assert.deepEqual(sizeOfText(drawn(machine)), sizeOf(graphView(machine)))
      }),
      { numRuns: runs(100) },
    )
  })

  test('keeps names apart that look alike, and writes any as text', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.string({ minLength: 1, unit: anyCharacter }), { minLength: 1, maxLength: 4 }),
        keys => {
          const names = keys.filter(key => key !== '__proto__' && !key.includes('.'))
          const states = Object.fromEntries(names.map(key => [key, { on: { [`to ${key}`]: {} } }]))
          const text = drawn(createMachine({ id: 'odd', initial: names[0], states } as never))
          const ids = [...text.matchAll(/^ +state "[^"\n]*" as (\w+)(?: \{)?$/gm)].map(match => match[1])
          assert.equal(new Set(ids).size, names.length + 1)
          assert.equal(text.split('\n').length, text.split(/[\r\n\u2028\u2029]/).length)
        },
      ),
      { numRuns: runs(100) },
    )
  })

  test('has nothing to draw of a store', () => {
    assert.throws(() => toMermaid(riskProfileActor), { code: 'InvalidDefinition' })
  })
})
