import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { assign, createMachine } from 'xstate'
import { Stepper, underEither } from '../stepping.js'

underEither(() => {
  /** A full collection of garbage, so that what is left is what is held. */
  function collect(): void {
    setFlagsFromString('--expose-gc')
    runInNewContext('gc')()
  }

  test('types of events nobody listens for leave nothing behind', () => {
    const stepper = new Stepper(
      createMachine({
        initial: 'a',
        context: { n: 0 },
        states: { a: { on: { '*': { actions: assign({ n: ({ context }) => context.n + 1 }) } } } },
      }),
    )
    const fill = (from: number, count: number) => {
      for (let each = from; each < from + count; each++) stepper.send(`stranger-${each}`)
      collect()
      return process.memoryUsage().heapUsed
    }
    const warm = fill(0, 5_000)
    const later = fill(5_000, 30_000)
    assert.equal(stepper.state.context.n, 35_000)
    // XState alone keeps about 0.3 KB a type and state: 18 MB here.
    assert.ok(later - warm < 2_000_000, `${later - warm} bytes more`)
  })
})
