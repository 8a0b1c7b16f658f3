import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { InvalidEventError, type PerdureError } from '../../../actors/errors.js'
import type { Delivery } from '../../../actors/inbox.js'
import { Arrivals } from '../../../cluster/inbox/arrivals.js'
import { runs } from '../../support/effort.js'

function delivery(number: number): Delivery {
  return {
    command: { kind: 'message', commandId: `${number}`, target: 'order/o-1', event: { type: 'A' } },
    bytes: 10,
    settle: () => {},
  }
}

const idsOf = (deliveries: readonly Delivery[]) => deliveries.map(one => Number(one.command.commandId))

suite('what has arrived', () => {
  test('is taken in the order in which it came, however long each check takes', async () => {
    // Each is checked at once, or when its turn among the slow ones comes.
    const plan = fc.array(fc.oneof(fc.constant(undefined), fc.nat(100)), { minLength: 1, maxLength: 60 })
    await fc.assert(
      fc.asyncProperty(plan, fc.integer({ min: 1, max: 7 }), async (waits, max) => {
        const arrivals = new Arrivals(() => {})
        const slow: { number: number; wait: number; decide: (verdict: undefined) => void }[] = []
        const taken: number[] = []
        const checked = new Set(waits.flatMap((wait, number) => (wait === undefined ? [number] : [])))
        const take = () => {
          const some = idsOf(arrivals.take(max))
          for (const number of some) assert.ok(checked.has(number), `${number} is not checked yet`)
          taken.push(...some)
        }
        const held = () => taken.length + arrivals.held
        for (const [number, wait] of waits.entries()) {
          if (wait === undefined) arrivals.push(delivery(number), undefined)
          else {
            const verdict = new Promise<PerdureError | undefined>(decide =>
              slow.push({ number, wait, decide }),
            )
            arrivals.push(delivery(number), verdict)
          }
          if (number % 3 === 0) take()
          assert.equal(held(), number + 1)
        }
        for (const { number, decide } of slow.sort((a, b) => a.wait - b.wait)) {
          checked.add(number)
          decide(undefined)
          await Promise.resolve()
          take()
        }
        while (arrivals.ready > 0) take()
        assert.deepEqual(taken, [...waits.keys()])
        assert.deepEqual([arrivals.held, arrivals.bytes], [0, 0])
      }),
      { numRuns: runs(500) },
    )
  })

  test('carries what the door said against it, or why the door could say nothing', async () => {
    const arrivals = new Arrivals(() => {})
    const refusal = new InvalidEventError('order/o-1', 'a', 'b')
    arrivals.push(delivery(0), refusal)
    arrivals.push(delivery(1), Promise.resolve(refusal))
    arrivals.push(delivery(2), Promise.reject(new Error('schema broke')))
    await new Promise(setImmediate)
    const [first, second, third] = arrivals.take(3)
    assert.equal(first?.refusal, refusal)
    assert.equal(second?.refusal, refusal)
    assert.match(third?.refusal?.message ?? '', /schema broke/)
  })

  test('is dropped at the end, with all that comes later', () => {
    const arrivals = new Arrivals(() => assert.fail('nothing comes any more'))
    arrivals.end()
    arrivals.push(delivery(0), undefined)
    assert.deepEqual([arrivals.take(5), arrivals.ready, arrivals.held], [[], 0, 0])
  })
})
