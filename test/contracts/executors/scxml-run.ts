/**
 * A fixture run: converted, lived through under both executors, its states compared with what it expects.
 */
import { machineFromScxml } from '../../support/scxml/convert.js'
import type { Fixture } from '../../support/scxml/fixtures.js'
import { stateId } from '../../support/scxml/names.js'
import { NotConvertible } from '../../support/scxml/not-convertible.js'
import { executorsOf } from './side-by-side.js'
import { World } from './world.js'

/** How a fixture ended. `differs`: it did not do as SCXML expects, in both executors alike. */
export type Outcome =
  | { readonly kind: 'passed' }
  | { readonly kind: 'differs'; readonly how: string }
  | { readonly kind: 'not convertible'; readonly construct: string }

/** @throws AssertionError where the executors differ. */
export function runFixture({ source, expectation }: Fixture): Outcome {
  try {
    const world = new World(executorsOf(machineFromScxml(source)))
    const { initialConfiguration, events } = expectation
    if (events.length === 0) world.advance(60_000)
    const steps = [{ names: initialConfiguration, go: () => {} }].concat(
      events.map(({ after = 0, event, nextConfiguration }) => ({
        names: nextConfiguration,
        go: () => {
          world.advance(after)
          world.send(event.name)
        },
      })),
    )
    for (const [at, { names, go }] of steps.entries()) {
      go()
      const [expected, found] = [names.map(stateId).sort().join(), activeIn(world)]
      if (found !== expected)
        return { kind: 'differs', how: `step ${at}: expected ${expected}, found ${found}` }
    }
    return { kind: 'passed' }
  } catch (error) {
    if (error instanceof NotConvertible) return { kind: 'not convertible', construct: error.message }
    if ((error as Error).name === 'AssertionError') throw error
    return { kind: 'differs', how: (error as Error).message }
  }
}

function activeIn(world: World): string {
  const atomic = world.root.snapshot._nodes.filter(({ type }) => type === 'atomic' || type === 'final')
  return atomic
    .map(({ id }) => id)
    .sort()
    .join()
}
