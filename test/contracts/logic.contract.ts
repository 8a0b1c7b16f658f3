/**
 * What every ActorLogic must hold, whatever it is made of: steps are pure, states are never changed in place,
 * and a state that was written down and read back goes on exactly as the live one.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { digest } from '../../actors/digest.js'
import type { Effect } from '../../actors/effect.js'
import type { ActorLogic, Step, StepContext, Stimulus } from '../../actors/logic.js'
import { runs } from '../support/effort.js'

export interface LogicUnderTest {
  readonly name: string
  readonly logic: ActorLogic
  readonly input: unknown
  /** Stimuli that make it move; walks are drawn from them. */
  readonly stimuli: readonly Stimulus[]
  /** A machine may fail on purpose: such a step ends a walk instead of the test. */
  readonly mayThrow?: boolean
}

export function contextAt(seq: number): StepContext {
  return { self: 'thing/one', parent: 'thing', seq, at: 1_700_000_000_000 + seq * 1000, seed: seq * 7919 }
}

/** Effects as data: a custom action counts by its name. */
function plainEffects(effects: readonly Effect[]): unknown {
  return effects.map(effect => (effect.type === 'act' ? { type: 'act', name: effect.name } : effect))
}

function fingerprint(logic: ActorLogic, step: Step<unknown>): string {
  return digest([logic.canonical(step.state), plainEffects(step.effects), step.handled])
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

/** A step, or the message it failed with. */
function attempt(logic: ActorLogic, state: unknown, stimulus: Stimulus, seq: number): Step<unknown> | string {
  try {
    return logic.step(state, stimulus, contextAt(seq))
  } catch (error) {
    return (error as Error).message
  }
}

export function logicContract({ name, logic, input, stimuli, mayThrow }: LogicUnderTest): void {
  const walks = fc.array(fc.constantFrom(...stimuli), { maxLength: 25 })

  test(`${name}: the same input and context give the same first state and effects`, () => {
    const one = logic.initial(input, contextAt(1))
    const two = logic.initial(input, contextAt(1))
    assert.equal(fingerprint(logic, one), fingerprint(logic, two))
  })

  test(`${name}: a step is pure, leaves its state as it was, and a restored state takes it alike`, () => {
    fc.assert(
      fc.property(walks, walk => {
        let live = logic.initial(input, contextAt(1)).state
        let restored = logic.decode(logic.encode(live))
        for (const [index, stimulus] of walk.entries()) {
          const before = digest(logic.canonical(live))
          const first = attempt(logic, live, stimulus, index + 2)
          assert.equal(digest(logic.canonical(live)), before, 'the given state was changed')
          const second = attempt(logic, live, stimulus, index + 2)
          const third = attempt(logic, restored, stimulus, index + 2)
          if (typeof first === 'string') {
            assert.ok(mayThrow, first)
            assert.deepEqual([second, third], [first, first])
            continue
          }
          for (const again of [second, third]) {
            if (typeof again === 'string') assert.fail(again)
            assert.equal(fingerprint(logic, again), fingerprint(logic, first))
          }
          live = first.state
          restored = logic.decode(logic.encode((third as Step<unknown>).state))
        }
      }),
      { numRuns: runs(100) },
    )
  })

  test(`${name}: encoding is stable, and status and snapshot survive it`, () => {
    fc.assert(
      fc.property(walks, walk => {
        let state = logic.initial(input, contextAt(1)).state
        for (const [index, stimulus] of walk.entries()) {
          const step = attempt(logic, state, stimulus, index + 2)
          if (typeof step !== 'string') state = step.state
        }
        const bytes = logic.encode(state)
        const restored = logic.decode(bytes)
        assert.equal(hex(logic.encode(restored)), hex(bytes))
        assert.equal(logic.status(restored), logic.status(state))
        const [seen, again] = [logic.snapshot(state), logic.snapshot(restored)]
        for (const field of ['value', 'context', 'status', 'output', 'error'] as const)
          assert.equal(digest(again[field]), digest(seen[field]), field)
        assert.deepEqual([...again.tags].sort(), [...seen.tags].sort())
      }),
      { numRuns: runs(30) },
    )
  })

  test(`${name}: a state that is not active takes nothing, and nobody outside may speak for the engine`, () => {
    const { state } = logic.initial(input, contextAt(1))
    for (const type of ['xstate.init', 'xstate.stop', 'xstate.done.actor.x', 'xstate.after.1.x', '$start']) {
      const step = logic.step(state, { type: 'event', event: { type } }, contextAt(2))
      assert.deepEqual([step.state === state, step.effects, step.handled], [true, [], false])
    }
    fc.assert(
      fc.property(walks, walk => {
        let at = state
        for (const [index, stimulus] of walk.entries()) {
          const ended = logic.status(at) !== 'active'
          const step = attempt(logic, at, stimulus, index + 2)
          if (typeof step === 'string') continue
          if (ended) assert.deepEqual([step.state === at, step.effects, step.handled], [true, [], false])
          at = step.state
        }
      }),
      { numRuns: runs(30) },
    )
  })
}
