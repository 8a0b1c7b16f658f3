/** The server: pages for people, a WebSocket for those who may, and Stately's own tools on the other end. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { suite, test } from 'node:test'
import { Script } from 'node:vm'
import {
  createWebSocketInspector,
  createWebSocketReceiver,
  type StatelyInspectionEvent,
} from '@statelyai/inspect'
import { purchased } from '../../machines/lifecycles/order-life.js'
import { InspectedOrders, Listener } from './orders.js'

const o1 = { actors: ['order/o-1'] }

suite("the inspector's server", () => {
  test("is understood by the receiver of Stately's package", async () => {
    await using orders = await InspectedOrders.start(o1)
    const heard: StatelyInspectionEvent[] = []
    const arrived = new Promise<void>(resolve => {
      createWebSocketReceiver({ server: orders.webSocket }).subscribe(message => {
        heard.push(message)
        if (JSON.stringify(message).includes('awaitingPayment')) resolve()
      })
    })
    await orders.runtime.actor(orders.order, 'o-1').send(purchased())
    await arrived
    assert.ok(heard.some(one => one.type === '@xstate.actor' && one.sessionId === 'order/o-1'))
    assert.ok(heard.some(one => one.type === '@xstate.event' && one.event.type === 'PURCHASED'))
    assert.ok(heard.every(one => one._version === '0.7.2'))
  })

  test("hands on what another program's inspector says, to those there and those who come", async () => {
    await using orders = await InspectedOrders.start(o1)
    using viewer = await Listener.open(orders.webSocket)
    const other = createWebSocketInspector({ url: orders.webSocket })
    other.actor('browser', { status: 'active', context: { clicks: 1 } })
    other.event('browser', { type: 'CLICK' })
    await viewer.until(one => one.type === '@xstate.event' && one.event.type === 'CLICK', 'the click')
    using late = await Listener.open(orders.webSocket)
    await late.until(one => one.sessionId === 'browser' && one.type === '@xstate.actor', 'the other program')
    other.stop()
  })

  test('passes over what is no message of the protocol', async () => {
    await using orders = await InspectedOrders.start(o1)
    using viewer = await Listener.open(orders.webSocket)
    using talker = await Listener.open(orders.webSocket)
    for (const message of [{ type: 'hello' }, { type: '@xstate.actor' }, {}]) talker.send(message)
    talker.send({ type: '@xstate.event', _version: '0', sessionId: 'last', event: { type: 'LAST' } })
    await viewer.until(one => one.sessionId === 'last', 'the one good message')
    assert.equal(viewer.heard.length, 1)
  })

  test('serves its page, and Stately in a frame, and nothing else', async () => {
    await using orders = await InspectedOrders.start(o1)
    const page = await fetch(orders.runtime.inspectUrl!)
    assert.equal(page.status, 200)
    assert.match(page.headers.get('content-type') ?? '', /text\/html/)
    const html = await page.text()
    assert.match(html, /Perdure inspector/)
    const code = /<script>(.*)<\/script>/s.exec(html)?.[1] ?? ''
    assert.doesNotThrow(() => new Script(code), 'a browser can read its code')
    const hash = createHash('sha256').update(code).digest('base64')
    const policy = page.headers.get('content-security-policy') ?? ''
    assert.ok(
      policy.startsWith(`default-src 'none'; script-src 'sha256-${hash}';`),
      'and runs that code alone',
    )
    assert.doesNotMatch(html, /<(script|link|img)[^>]+(src|href)="https?:/)
    assert.match(
      await (await fetch(`${orders.runtime.inspectUrl}stately`)).text(),
      /https:\/\/stately\.ai\/inspect/,
    )
    assert.equal((await fetch(`${orders.runtime.inspectUrl}other`)).status, 404)
    assert.equal((await fetch(orders.runtime.inspectUrl!, { method: 'POST' })).status, 404)
    assert.match(orders.runtime.inspectUrl!, /^http:\/\/127\.0\.0\.1:/)
    for (const [target, status] of [
      ['//', 404],
      ['http://', 404],
      ['/?at=1', 200],
    ] as const)
      assert.equal(await statusOf(orders, target), status, target)
  })

  test('outlives a page that is turned away and is gone before it hears of it', async () => {
    await using orders = await InspectedOrders.start(o1)
    const { hostname, port } = new URL(orders.runtime.inspectUrl!)
    for (let n = 0; n < 20; n++) {
      const socket = connect(Number(port), hostname)
      await once(socket, 'connect')
      socket.write(
        `GET / HTTP/1.1\r\nHost: a\r\nOrigin: https://evil.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
      )
      socket.resetAndDestroy()
      await once(socket, 'close')
    }
    assert.equal((await fetch(orders.runtime.inspectUrl!)).status, 200)
  })
})

/** As curl asks: the target as it is, which fetch would mend. */
async function statusOf(orders: InspectedOrders, path: string): Promise<number | undefined> {
  const { hostname, port } = new URL(orders.runtime.inspectUrl!)
  const [incoming] = (await once(get({ hostname, port, path, agent: false }), 'response')) as [
    IncomingMessage,
  ]
  incoming.resume()
  return incoming.statusCode
}

suite('a web page that opens a WebSocket', () => {
  const from = (orders: InspectedOrders, origin: string, host?: string) =>
    Listener.open(orders.webSocket, { origin, ...(host !== undefined && { headers: { host } }) })

  test('may when it is on this machine, or of Stately', async () => {
    await using orders = await InspectedOrders.start(o1)
    for (const origin of [
      'http://localhost:3000',
      'http://127.0.0.1:8080',
      'https://stately.ai',
      'https://sky.stately.ai',
    ])
      (await from(orders, origin))[Symbol.dispose]()
  })

  test('may not when it is of anybody else, by whatever name it reached us', async () => {
    await using orders = await InspectedOrders.start(o1)
    for (const origin of [
      'https://evil.example',
      'https://notstately.ai',
      'http://stately.ai',
      'https://stately.ai.evil.example',
      'http://localhost.evil.example',
      'null',
      'nonsense',
    ])
      await assert.rejects(from(orders, origin), /403/, origin)
    await assert.rejects(from(orders, 'http://evil.example:8080', 'evil.example:8080'), /403/)
  })

  test('may when it was named', async () => {
    await using orders = await InspectedOrders.start({ ...o1, origins: ['null', 'https://desk.example'] })
    for (const origin of ['null', 'https://desk.example']) (await from(orders, origin))[Symbol.dispose]()
  })
})

suite('a start', () => {
  test('is refused when the port is taken, and leaves the directory free', async () => {
    await using orders = await InspectedOrders.start(o1)
    const port = Number(new URL(orders.runtime.inspectUrl!).port)
    await assert.rejects(InspectedOrders.start({ ...o1, port }), {
      code: 'PortTaken',
      message: /127\.0\.0\.1:\d+ \(EADDRINUSE\).*inspect\.port/,
    })
  })

  test('is refused for what cannot be shown', async () => {
    const cases: [Parameters<typeof InspectedOrders.start>[0], RegExp][] = [
      [{ actors: [] }, /inspect\.actors: expected at least one/],
      [{ actors: ['ordre/o-1'] }, /inspect\.actors: expected a type of order, risk-profile, found 'ordre'/],
      [{ actors: [{ type: 'x' }] }, /found 'x'/],
      [{ actors: ['order'] }, /an id like/],
      [{ actors: Array.from({ length: 21 }, (_, n) => `order/o-${n}`) }, /at most 20 ids/],
      [{ ...o1, history: 101 }, /inspect\.history/],
      [{ ...o1, url: 'http://localhost' }, /inspect\.url/],
    ]
    for (const [options, message] of cases)
      await assert.rejects(InspectedOrders.start(options), { code: 'InvalidDefinition', message })
  })
})
