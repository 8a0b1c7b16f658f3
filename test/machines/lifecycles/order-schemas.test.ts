import assert from 'node:assert/strict'
import { it } from 'node:test'
import { noServices } from '../../../machines/lifecycles/order-activities.js'
import { orderV1, riskProfileActor } from '../../../machines/lifecycles/order-actors.js'
import type { OrderEvent } from '../../../machines/lifecycles/order-events.js'
import { createTestRuntime } from '../../../runtime/testing/index.js'
import { approved, cancel, delivered, noon, purchased } from './order-life.js'

const bad: readonly [object, RegExp][] = [
  [{ ...purchased(), customer: '' }, /customer: expected a text that is not empty/],
  [{ ...purchased(), items: undefined }, /items: expected a list, found none/],
  [{ ...purchased(), estimated: '2018-06-01' }, /estimated: expected a number, found string '2018-06-01'/],
  [{ ...approved, at: Number.NaN }, /at: expected a number/],
  [{ ...delivered, shipment: 7 }, /shipment: expected a text that is not empty, found number '7'/],
  [{ type: 'CANCEL' }, /reason: expected a text/],
  [{ type: 'APPROVE', at: noon }, /by: expected a text that is not empty, found none/],
  [{ type: 'SETTLED_BY_HAND', by: 'bob' }, /note: expected a text/],
]

it('an event that is none of an order is refused at the door, and nothing is stored', async () => {
  const order = orderV1(noServices)
  await using runtime = await createTestRuntime({ actors: [order, riskProfileActor] })
  const handle = runtime.actor(order, 'o-1')
  for (const [event, message] of bad)
    await assert.rejects(handle.send(event as OrderEvent), { code: 'InvalidEvent', message })
  assert.equal(await handle.getSnapshot(), undefined)
  await handle.send(cancel)
  assert.equal((await handle.getSnapshot())?.status, 'done')
})
