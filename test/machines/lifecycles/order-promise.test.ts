import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { OrderEntry } from '../../../machines/lifecycles/order-events.js'
import { createTestRuntime, type TestRuntime } from '../../../runtime/testing/index.js'
import { approved, dayMs, delivered, handedOver, noon, purchased } from './order-life.js'
import { PipelineWorld } from './pipeline-world.js'

const promised = noon + 10 * dayMs
const deadline = { type: 'ESTIMATED_DELIVERY_DEADLINE', at: promised } as const

/** An order bought at noon, promised for ten days later, in a runtime of its own. */
async function withOrder(run: (order: Bought, runtime: TestRuntime) => Promise<void>): Promise<void> {
  const world = new PipelineWorld()
  world.answerAll()
  await using runtime = await createTestRuntime({
    actors: [world.definition],
    now: new Date(noon).toISOString(),
  })
  const handle = runtime.actor(world.definition, 'o-1')
  const overdue: OrderEntry[] = []
  handle.on('OVERDUE', entry => overdue.push(entry))
  for (const event of [purchased({ estimated: promised }), approved]) await handle.send(event)
  await runtime.advance(0)
  await run({ handle, overdue }, runtime)
}

interface Bought {
  readonly handle: ReturnType<typeof handleOf>
  readonly overdue: readonly OrderEntry[]
}
const handleOf = (runtime: TestRuntime, world: PipelineWorld) => runtime.actor(world.definition, 'o-1')

describe('the date a delivery was promised for', () => {
  it('comes by itself, to the millisecond and once, whatever the process goes through', () =>
    withOrder(async ({ handle, overdue }, runtime) => {
      await runtime.advance(9 * dayMs)
      await runtime.crash()
      await runtime.advance(dayMs - 1)
      assert.equal((await handle.getSnapshot())?.hasTag('overdue'), false)
      await runtime.advance(1)
      assert.equal((await handle.getSnapshot())?.hasTag('overdue'), true)
      assert.deepEqual(
        overdue.map(({ agent, timestamp }) => [agent, timestamp]),
        [['clock', promised]],
      )
    }))

  it('changes nothing when the shop has a record of it as well', () =>
    withOrder(async ({ handle, overdue }, runtime) => {
      await runtime.advance(10 * dayMs)
      const { handled } = await handle.ask(deadline)
      assert.equal(handled, false)
      assert.equal(overdue.length, 1)
    }))

  it('is taken from the record of the shop where that is first', () =>
    withOrder(async ({ handle, overdue }, runtime) => {
      await handle.send(deadline)
      await runtime.advance(30 * dayMs)
      assert.equal(overdue.length, 1)
    }))

  it('is nothing to an order delivered before', () =>
    withOrder(async ({ handle, overdue }, runtime) => {
      await handle.send(handedOver)
      await handle.send(delivered)
      await runtime.advance(30 * dayMs)
      assert.deepEqual([overdue.length, (await handle.output()).overdue], [0, false])
    }))
})
