/** Who looks sees what was chosen: from birth to end, as it happens, and no more than is meant for them. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Message } from '../../../runtime/inspect/protocol.js'
import { approved, delivered, handedOver, purchased } from '../../machines/lifecycles/order-life.js'
import { InspectedOrders, Listener, tellOf } from './orders.js'

const o1 = { actors: ['order/o-1'] }

function isAt(address: string, state: string) {
  return (message: Message) =>
    message.type !== '@xstate.event' &&
    message.sessionId === address &&
    JSON.stringify(message.snapshot.value ?? '').includes(`"${state}"`)
}

/** Everything a viewer heard as one text, to look for what must not be in it. */
const allOf = (viewer: Listener) => JSON.stringify(viewer.heard)

suite('a viewer', () => {
  test('sees an order from its birth to its end, with its agent and its deeds', async () => {
    await using orders = await InspectedOrders.start({ actors: ['order/o-1', { type: 'risk-profile' }] })
    using viewer = await Listener.open(orders.webSocket)
    const order = orders.runtime.actor(orders.order, 'o-1')
    for (const event of [purchased(), approved, handedOver, delivered]) await order.send(event)
    const snapshot = await order.waitFor(one => one.status === 'done')
    const last = await viewer.until(isAt('order/o-1', 'delivered'), 'the end')

    const [born] = viewer.heard
    assert.ok(born?.type === '@xstate.actor' && born.sessionId === 'order/o-1')
    const { states } = JSON.parse(born.definition ?? '{}')
    assert.deepEqual(Object.keys(states), Object.keys(orders.order.machine.config.states ?? {}))

    const mine = viewer.heard.filter(message => message.sessionId === 'order/o-1')
    const heard = mine.filter(message => message.type === '@xstate.event').map(message => message.event.type)
    const facts = heard.filter(type => !type.startsWith('xstate.'))
    assert.equal(heard[0], 'xstate.init')
    assert.deepEqual(facts, ['PURCHASED', 'PAYMENT_APPROVED', 'HANDED_TO_CARRIER', 'DELIVERED'])
    // Each event is followed by the state it led to.
    for (const [index, message] of mine.entries())
      if (message.type === '@xstate.event') assert.equal(mine[index + 1]?.type, '@xstate.snapshot')

    assert.ok(last.type === '@xstate.snapshot')
    assert.equal(last.snapshot.status, 'done')
    assert.deepEqual(last.snapshot.output, JSON.parse(JSON.stringify(snapshot.output)))

    const fraud = viewer.heard.find(message => message.sessionId === 'order/o-1/fraud')
    assert.ok(fraud?.type === '@xstate.actor' && fraud.parentId === 'order/o-1')
    assert.equal(fraud.rootId, 'order/o-1')
    const asked = viewer.heard.find(one => one.type === '@xstate.event' && one.event.type === 'PURCHASE')
    assert.ok(asked?.type === '@xstate.event')
    assert.deepEqual([asked.sessionId, asked.sourceId], ['risk-profile/c-1', 'order/o-1'])
    const deed = viewer.heard.find(one => one.type === '@xstate.actor' && one.name === 'charge')
    const receipt = viewer.heard.find(
      one =>
        one.type === '@xstate.snapshot' &&
        one.sessionId === deed?.sessionId &&
        one.snapshot.status === 'done',
    )
    assert.ok(receipt?.type === '@xstate.snapshot')
    assert.deepEqual(receipt.snapshot.output, { receiptId: 'r-1' })
    const paid = mine.find(one => one.type === '@xstate.event' && one.sourceId === deed?.sessionId)
    assert.ok(paid !== undefined, 'the order hears of the charge from the charge')
  })

  test('that comes late sees the present first, with as much of the past as was asked for', async () => {
    await using orders = await InspectedOrders.start({ ...o1, history: 3 }, { hold: ['charge'] })
    const order = orders.runtime.actor(orders.order, 'o-1')
    for (const event of [purchased(), approved]) await order.send(event)
    const now = await order.waitFor(one => JSON.stringify(one.value).includes('charging'))
    using viewer = await Listener.open(orders.webSocket)
    const present = await viewer.until(isAt('order/o-1', 'instrument'), 'the present')

    const mine = viewer.heard.filter(message => message.sessionId === 'order/o-1')
    assert.ok(mine[0]?.type === '@xstate.actor')
    assert.equal(mine[0].perdure.seq, now.seq - 3)
    assert.ok(mine.every(message => message.perdure.past))
    assert.deepEqual(
      [...new Set(mine.map(message => message.perdure.seq))],
      [now.seq - 3, now.seq - 2, now.seq - 1, now.seq],
    )
    assert.ok(present.type === '@xstate.snapshot')
    assert.deepEqual(present.snapshot.value, now.value)

    orders.release('charge')
    await viewer.until(isAt('order/o-1', 'awaitingCarrier'), 'what happened next')
  })

  test('that comes late without a past sees everyone as they are, work under way too', async () => {
    await using orders = await InspectedOrders.start({ ...o1, history: 0 }, { hold: ['charge'] })
    const order = orders.runtime.actor(orders.order, 'o-1')
    for (const event of [purchased(), approved]) await order.send(event)
    await order.waitFor(one => JSON.stringify(one.value).includes('charging'))
    using viewer = await Listener.open(orders.webSocket)
    await viewer.until(one => one.type === '@xstate.actor' && one.name === 'charge', 'the charge')
    assert.deepEqual(
      viewer.heard.map(message => message.type),
      ['@xstate.actor', '@xstate.actor'],
    )
  })

  test('that is too slow misses messages, is told how many, and sees the present again', async () => {
    const limits = { inspectWaitingBytesMax: 64 * 1024 }
    await using orders = await InspectedOrders.start({ actors: [{ type: 'order' }] }, { limits })
    using slow = await Listener.open(orders.webSocket)
    using quick = await Listener.open(orders.webSocket)
    slow.pause()
    const note = 'x'.repeat(100_000)
    const order = orders.runtime.actor(orders.order, 'o-1')
    // More than the sockets of this machine take on their own.
    for (let n = 0; n < 60; n++) await order.send({ type: 'CANCEL', at: n, reason: note })
    await quick.until(message => message.perdure.seq >= 60, 'all of it')
    slow.resume()
    const caught = await slow.until(message => message.perdure.missed !== undefined, 'that it missed some')
    assert.ok(caught.type === '@xstate.actor')
    assert.ok((caught.perdure.missed ?? 0) > 10)
    const now = await order.getSnapshot()
    assert.equal(caught.perdure.seq, now?.seq)
    assert.ok(slow.heard.length < quick.heard.length)
  })

  test('costs nothing while there is none', async () => {
    let asked = 0
    const sanitizeContext = (context: unknown) => {
      asked++
      return context
    }
    await using orders = await InspectedOrders.start({ ...o1, sanitizeContext })
    await orders.runtime.actor(orders.order, 'o-1').send(purchased())
    assert.equal(asked, 0)
    {
      using viewer = await Listener.open(orders.webSocket)
      await viewer.until(isAt('order/o-1', 'awaitingPayment'), 'the present')
      await viewer.close()
    }
    const before = asked
    assert.ok(before > 0)
    await orders.runtime.actor(orders.order, 'o-1').send(approved)
    assert.equal(asked, before)
    // Who comes after that is not told twice.
    using next = await Listener.open(orders.webSocket)
    await orders.runtime.actor(orders.order, 'o-1').send(handedOver)
    await next.until(
      one => one.type === '@xstate.event' && one.event.type === 'HANDED_TO_CARRIER',
      'the news',
    )
    const ids = next.heard.map(message => message.id)
    assert.deepEqual([...new Set(ids)], ids)
  })

  test('beyond as many as may look is asked to come again', async () => {
    await using orders = await InspectedOrders.start(o1, { limits: { inspectViewersMax: 1 } })
    using _first = await Listener.open(orders.webSocket)
    using second = await Listener.open(orders.webSocket)
    assert.equal(await second.closed, 1013)
  })

  test('hears the runtime stop', async () => {
    const orders = await InspectedOrders.start(o1)
    using viewer = await Listener.open(orders.webSocket)
    await orders[Symbol.asyncDispose]()
    await viewer.closed
    await assert.rejects(Listener.open(orders.webSocket), { code: 'ECONNREFUSED' })
  })
})

suite('who is shown', () => {
  test('of more than may be, an actor that ended gives way to a new one; one that lives does not', async () => {
    await using orders = await InspectedOrders.start(
      { actors: [{ type: 'order' }], history: 0 },
      { limits: { inspectActorsMax: 2 } },
    )
    using viewer = await Listener.open(orders.webSocket)
    const send = (key: string) => orders.runtime.actor(orders.order, key).send(purchased({ customer: key }))
    const shown = () => viewer.heard.filter(one => one.type === '@xstate.actor' && one.name === one.rootId)
    for (const key of ['o-1', 'o-2', 'o-3']) await send(key)
    await viewer.until(isAt('order/o-2', 'awaitingPayment'), 'the second order')
    await orders.runtime.actor(orders.order, 'o-1').terminate('enough')
    await send('o-4')
    await viewer.until(isAt('order/o-4', 'awaitingPayment'), 'the fourth order')
    assert.deepEqual(
      shown().map(message => message.sessionId),
      ['order/o-1', 'order/o-2', 'order/o-4'],
    )
  })

  test('a query by state brings in an actor when it comes there', async () => {
    await using orders = await InspectedOrders.start({
      actors: [{ type: 'order', state: 'open.stage.awaitingPayment' }],
      history: 0,
    })
    using viewer = await Listener.open(orders.webSocket)
    await orders.runtime.actor(orders.order, 'o-1').send(purchased())
    await viewer.until(isAt('order/o-1', 'awaitingPayment'), 'the order')
    assert.equal(tellOf(viewer.heard[0]!), 'order/o-1 is there')
    assert.ok(isAt('order/o-1', 'awaitingPayment')(viewer.heard[0]!))
  })
})

suite('what is not for viewers', () => {
  const life = async (orders: InspectedOrders, viewer: Listener) => {
    const order = orders.runtime.actor(orders.order, 'o-1')
    for (const event of [purchased({ customer: 'secret-ann' }), approved, handedOver, delivered])
      await order.send(event)
    await viewer.until(isAt('order/o-1', 'delivered'), 'the end')
  }

  test('fields redacted by name are nowhere: context, events, inputs, outputs', async () => {
    const redact = ['customer', 'key', 'receiptId', 'receipts']
    await using orders = await InspectedOrders.start({ ...o1, redact })
    using viewer = await Listener.open(orders.webSocket)
    await life(orders, viewer)
    assert.ok(!allOf(viewer).includes('secret-ann'))
    assert.ok(!/"r-1"/.test(allOf(viewer)))
    assert.ok(allOf(viewer).includes('"customer":"[redacted]"'))
  })

  test('sanitisers of contexts and events are given all there is', async () => {
    await using orders = await InspectedOrders.start({
      ...o1,
      sanitizeContext: () => ({ hidden: true }),
      sanitizeEvent: ({ type }) => ({ type }),
    })
    using viewer = await Listener.open(orders.webSocket)
    await life(orders, viewer)
    assert.ok(!allOf(viewer).includes('secret-ann'))
    assert.ok(!allOf(viewer).includes('"r-1"'))
  })

  test('a sanitiser that throws shows nothing, and is told of', async () => {
    const fail = () => {
      throw new Error('no')
    }
    await using orders = await InspectedOrders.start({ ...o1, sanitizeContext: fail, sanitizeEvent: fail })
    using viewer = await Listener.open(orders.webSocket)
    await life(orders, viewer)
    assert.ok(!allOf(viewer).includes('secret-ann'))
    assert.ok(!allOf(viewer).includes('"r-1"'))
    assert.ok(orders.warnings.includes('a sanitiser of the inspector threw'))
  })
})
