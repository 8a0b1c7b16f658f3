/**
 * Our steps against XState itself: the same machine, run by `createActor` and by us, over random walks.
 * Machines here have no parallel states: there XState's own outcome depends on an order it does not persist.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Actor, type AnyMachineSnapshot, type AnyStateMachine, createActor } from 'xstate'
import { digest } from '../../actors/digest.js'
import { Stepper, underEither } from '../machines/stepping.js'
import { runs } from '../support/effort.js'
import { logicContract } from './logic.contract.js'
import { eventTypes, ran, randomStatechart } from './logic-random-statechart.js'

interface Seen {
  readonly state: string
  readonly emitted: readonly string[]
  readonly acted: readonly string[]
}

type Report = Seen | 'failed'

function seen({ value, context, status, output }: AnyMachineSnapshot, emitted: readonly string[]): Seen {
  return { state: digest([value, context, status, output]), emitted, acted: ran.splice(0) }
}

/** The walk as XState runs it; 'failed' where it goes wrong. */
function byXState(machine: AnyStateMachine, walk: readonly string[]): Report[] {
  ran.length = 0
  let emitted: string[] = []
  const actor: Actor<AnyStateMachine> = createActor(machine)
  actor.on('*', event => emitted.push(event.type))
  actor.subscribe({ error: () => {} })
  const report = (): Report => {
    const told = emitted
    emitted = []
    const snapshot = actor.getSnapshot()
    return snapshot.status === 'error' ? 'failed' : seen(snapshot, told)
  }
  actor.start()
  const reports = [report()]
  for (const type of walk) {
    if (actor.getSnapshot().status !== 'active') break
    actor.send({ type })
    reports.push(report())
  }
  return reports
}

function byUs(machine: AnyStateMachine, walk: readonly string[]): Report[] {
  ran.length = 0
  const reports: Report[] = []
  const report = (stepper: Stepper) => {
    for (const effect of stepper.effects) if (effect.type === 'act') effect.run()
    return seen(
      stepper.state,
      stepper.effects.flatMap(effect => (effect.type === 'publish' ? [effect.event.type] : [])),
    )
  }
  try {
    const stepper = new Stepper(machine)
    reports.push(report(stepper))
    for (const type of walk) {
      if (stepper.state.status !== 'active') break
      stepper.send(type)
      reports.push(report(stepper))
    }
  } catch {
    reports.push('failed')
  }
  return reports
}

const walks = fc.array(fc.constantFrom(...eventTypes), { maxLength: 20 })

underEither(logicOf => {
  test('random statecharts take the same way as under createActor', () => {
    let moved = 0
    fc.assert(
      fc.property(fc.integer(), walks, (seed, walk) => {
        const machine = randomStatechart(seed, false)
        const [theirs, ours] = [byXState(machine, walk), byUs(machine, walk)]
        assert.deepEqual(ours, theirs)
        moved += new Set(theirs.map(each => (each === 'failed' ? each : each.state))).size - 1
      }),
      { numRuns: runs(400) },
    )
    assert.ok(moved > runs(400), `the walks went nowhere: ${moved} changes`)
  })

  for (const seed of [3, 17, 99, 1234])
    logicContract({
      name: `random parallel statechart ${seed}`,
      logic: logicOf(randomStatechart(seed, true)),
      input: undefined,
      stimuli: eventTypes.map(type => ({ type: 'event', event: { type } })),
      mayThrow: true,
    })

  test('random parallel statecharts go on alike after a restart, or fail alike', () => {
    let compared = 0
    fc.assert(
      fc.property(fc.integer(), walks, (seed, walk) => {
        const machine = randomStatechart(seed, true)
        let [live, restored]: Stepper[] = []
        try {
          live = new Stepper(machine)
          restored = new Stepper(machine)
        } catch {
          return
        }
        for (const type of walk) {
          restored.restore()
          const outcome = (stepper: Stepper) => {
            try {
              const effects = stepper.send(type).map(effect => (effect.type === 'act' ? effect.name : effect))
              return digest([stepper.logic.canonical(stepper.state), effects])
            } catch (error) {
              return (error as Error).message
            }
          }
          assert.equal(outcome(restored), outcome(live))
          compared++
        }
      }),
      { numRuns: runs(400) },
    )
    assert.ok(compared > runs(1_000), `only ${compared} steps`)
  })
})
