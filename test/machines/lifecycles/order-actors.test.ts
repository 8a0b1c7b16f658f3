import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { limits } from '../../../actors/limits.js'
import { openJournal } from '../../../journal/index.js'
import { type AnyDefinition, defineActor } from '../../../machines/index.js'
import { orderMachine } from '../../../machines/lifecycles/order.js'
import { type OrderServices, orderActivities } from '../../../machines/lifecycles/order-activities.js'
import { orderV1, orderV2, riskProfileActor } from '../../../machines/lifecycles/order-actors.js'
import type { Runtime } from '../../../runtime/index.js'
import { Bindings } from '../../../runtime/step/bindings.js'
import { verifyJournal } from '../../../runtime/verify.js'
import { createRuntime } from '../../support/runtime-here.js'
import { approved, delivered, handedOver, purchased } from './order-life.js'

const done: OrderServices = {
  charge: async ({ key }) => ({ receiptId: key }),
  refund: async () => ({ refunded: true }),
  notify: async ({ key }) => ({ messageId: key }),
  askReviewer: async ({ key }) => ({ messageId: key }),
  book: async ({ key }) => ({ bookingId: key }),
  cancelBooking: async () => ({ cancelled: true }),
}

describe('a new fraud model, deployed as order@2 with orders in flight', () => {
  const path = mkdtempSync(join(tmpdir(), 'perdure-versions-'))
  after(() => rmSync(path, { recursive: true }))
  const v1 = orderV1(done)
  const v2 = orderV2(done)
  const deploy = (order: AnyDefinition) => createRuntime({ actors: [order, riskProfileActor], path })

  /** Orders by version and status, as `order@1 active: 3`. */
  function counts(): string[] {
    const journal = openJournal({ path, readOnly: true })
    try {
      return journal
        .counts()
        .filter(({ type }) => type === 'order')
        .map(({ version, status, count }) => `order@${version} ${status}: ${count}`)
        .sort()
    } finally {
      journal.close()
    }
  }

  /** Which model judged an order. */
  const modelOf = async (runtime: Runtime, key: string) =>
    (await runtime.actor(v2, key).getSnapshot())?.context.verdict?.model

  it('leaves those in flight on the model they began with, and judges new ones by its own', async () => {
    const first = await deploy(v1)
    // Born, and not yet judged.
    for (const key of ['a', 'b', 'c']) await first.actor(v1, key).send(approved)
    await first.stop()
    assert.deepEqual(counts(), ['order@1 active: 3'])

    const second = await deploy(v2)
    for (const key of ['d', 'e']) await second.actor(v2, key).send(approved)
    for (const key of ['a', 'b', 'c', 'd', 'e']) {
      await second.actor(v2, key).send(purchased({ customer: key }))
      await second.actor(v2, key).waitFor(({ context }) => context.bookings.length > 0)
    }
    assert.deepEqual(counts(), ['order@1 active: 3', 'order@2 active: 2'])
    assert.deepEqual(await Promise.all(['a', 'd'].map(key => modelOf(second, key))), [
      'logistic-1',
      'logistic-2',
    ])

    for (const key of ['a', 'b', 'c'])
      for (const event of [handedOver, delivered]) await second.actor(v2, key).send(event)
    assert.deepEqual(counts(), ['order@1 done: 3', 'order@2 active: 2'])
    await second.stop()
  })

  it('leaves a journal that folds again under the new definition', () => {
    const journal = openJournal({ path, readOnly: true })
    try {
      const { actors, differences } = verifyJournal(journal, new Bindings([v2, riskProfileActor]), limits)
      assert.deepEqual(differences, [])
      assert.ok(actors >= 5)
    } finally {
      journal.close()
    }
  })

  it('is refused when it changes the structure under the same version, and says what to do', async () => {
    const changed = defineActor({
      machine: orderMachine.provide({
        actors: orderActivities(done),
        delays: { reviewTerm: 1_000 },
      }),
      version: '1',
      create: key => ({ orderId: key }),
    })
    await assert.rejects(deploy(changed), {
      code: 'InvalidDefinition',
      message:
        /^order@1 has another structure than the one this journal's actors started on: expected fingerprint [0-9a-f]{32}, found [0-9a-f]{32}\. Give the changed definition a new version and list the old one under 'previous'/,
    })
  })
})
