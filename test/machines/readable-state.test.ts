/** States read without their definition: what is shown must be what the logic itself would show. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { fromTransition, setup } from 'xstate'
import type { ActorLogic, StepContext } from '../../actors/logic.js'
import { machineLogic, readableState, storeLogic } from '../../machines/index.js'
import type { LogicShape } from '../../machines/logic-kind.js'
import { transitionLogic } from '../../machines/transition-logic.js'

const at = (seq: number): StepContext => ({ self: 'a/b', parent: undefined, seq, at: seq, seed: seq })

/** The states that events lead to, the first among them. */
function* statesOf(logic: ActorLogic, input: unknown, ...types: string[]): Generator<unknown> {
  let { state } = logic.initial(input, at(1))
  yield state
  for (const [index, type] of types.entries()) {
    state = logic.step(state, { type: 'event', event: { type } }, at(index + 2)).state
    yield state
  }
}

function assertReads(logic: ActorLogic, input: unknown, ...types: string[]): void {
  for (const state of statesOf(logic, input, ...types)) {
    const { value, context, output, error } = logic.snapshot(state)
    const shown = { output: undefined, error: undefined, ...readableState(logic.encode(state), value) }
    assert.deepEqual(shown, { value, context, output, error })
  }
}

const parallel = setup({ types: { input: {} as string[] } }).createMachine({
  context: ({ input }) => ({ tags: new Set(input), since: new Date(0) }),
  output: ({ context }) => ({ of: context.tags.size }),
  initial: 'on',
  states: {
    on: {
      type: 'parallel',
      states: {
        light: { initial: 'off', states: { off: { on: { GO: 'lit' } }, lit: {} } },
        sound: { initial: 'quiet', states: { quiet: { on: { GO: 'loud' } }, loud: {} } },
      },
      on: { END: 'gone' },
    },
    gone: { type: 'final' },
  },
})

describe('readableState', () => {
  it('reads machines: nested and parallel, and ended with an output', () => {
    assertReads(machineLogic(parallel), ['a', 'b'], 'GO', 'END')
  })

  it('reads stores', () => {
    const logic = storeLogic({
      context: { n: 0 },
      on: { inc: (context: { n: number }) => ({ n: context.n + 1 }) },
    } as never) as ActorLogic
    assertReads(logic, undefined, 'inc', 'inc')
  })

  it('tells a reducer with a pair for its context from a machine, where the value is known', () => {
    const pair = fromTransition(
      (context: [string, number]) => [context[0], context[1] + 1] as [string, number],
      ['x', 0],
    )
    assertReads(transitionLogic(pair as unknown as LogicShape) as ActorLogic, undefined, 'ANY')
  })
})
