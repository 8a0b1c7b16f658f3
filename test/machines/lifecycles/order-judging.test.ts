import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { OrderEvent } from '../../../machines/lifecycles/order-events.js'
import { approved, cancel, dayMs, doubtful, hourMs, noon, OrderLife, purchased } from './order-life.js'

const approve: OrderEvent = { type: 'APPROVE', by: 'ann', at: noon + 3 * hourMs }
const refuse: OrderEvent = { type: 'REFUSE', by: 'ann', reason: 'card tester' }

describe('a review by a person', () => {
  it('is asked for between the thresholds, of the reviewer and in public', async () => {
    const life = await doubtful()
    assert.equal(life.stage, 'reviewing.answering')
    assert.ok(life.snapshot.hasTag('review'))
    assert.deepEqual(life.calls, ['askReviewer o-1:review'])
    const asked = life.entries.at(-1)
    assert.equal(asked?.type, 'REVIEW_ASKED')
    const { decision, probability } = life.snapshot.context.verdict!
    assert.equal(decision, 'review')
    assert.ok(probability >= 0.5 && probability < 0.8)
  })

  it('that approves lets the order go on, and says who decided', async () => {
    const life = await (await doubtful()).hear(approve, approved)
    assert.equal(life.stage, 'awaitingCarrier')
    const decided = life.entries.filter(entry => entry.type === 'DECIDED')
    assert.deepEqual(
      decided.map(({ agent, payload, timestamp }) => [agent, payload.decision, timestamp]),
      [['reviewer:ann', 'accept', noon + 3 * hourMs]],
    )
  })

  it('that refuses rejects it, with the reason given', async () => {
    const life = await (await doubtful()).hear(refuse)
    assert.equal(life.stage, 'rejected')
    const decided = life.entries.find(entry => entry.type === 'DECIDED')
    assert.deepEqual(
      [decided?.agent, decided?.payload.decision, decided?.payload.reason],
      ['reviewer:ann', 'reject', 'card tester'],
    )
    assert.deepEqual(
      [life.entries.find(({ type }) => type === 'REJECTED')?.agent, life.snapshot.output?.reason],
      ['reviewer:ann', 'card tester'],
    )
    assert.ok(life.calls.every(call => !call.startsWith('charge')))
  })

  it('that is not answered in a day rejects it, in the name of the clock', async () => {
    const life = await doubtful()
    await life.pass(dayMs - 1)
    assert.equal(life.stage, 'reviewing.answering')
    await life.pass(1)
    assert.equal(life.stage, 'rejected')
    const decided = life.entries.find(entry => entry.type === 'DECIDED')
    const askedAt = life.snapshot.context.review!.askedAt
    assert.deepEqual([decided?.agent, decided?.timestamp], ['clock', askedAt + dayMs])
  })

  it('takes the first answer only', async () => {
    const life = await doubtful({ hold: 'askReviewer' })
    await life.hear(approve)
    assert.equal(life.snapshot.can(refuse), false)
    assert.equal(life.stage, 'reviewing.asking')
    await life.release('askReviewer')
    assert.equal(life.stage, 'awaitingPayment')
  })

  it('goes on with the deadline when the reviewer could not be told', async () => {
    const life = await doubtful({ fail: 'askReviewer' })
    assert.equal(life.stage, 'reviewing.answering')
    await life.hear(approve)
    assert.equal(life.stage, 'awaitingPayment')
  })

  it('is over when the customer cancels', async () => {
    const life = await (await doubtful()).hear(cancel)
    assert.equal(life.stage, 'cancelled')
    assert.ok(!life.entryTypes.includes('DECIDED'))
  })

  it('takes no answer that was not asked for', async () => {
    const life = await new OrderLife().hear(purchased())
    for (const answer of [approve, refuse]) assert.equal(life.snapshot.can(answer), false)
  })
})
