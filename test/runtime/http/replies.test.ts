import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { toReplyJson } from '../../../actors/codec.js'
import { HttpWorld } from '../../support/http-world.js'

const P = '/actors/parcel/p-1'

suite('bodies', () => {
  test('say the same in JSON and msgpack, on every route', async () => {
    await using world = await HttpWorld.open()
    await world.ask(`${P}/start`, { body: { input: { to: 'Ann' } } })
    await world.ask(`${P}/ask`, { body: { type: 'WEIGH', grams: 5 }, headers: { 'idempotency-key': 'k' } })
    await world.ask('/actors/strict/s/tell', { body: { type: 'ADD', n: -1 } })
    const again = { body: { type: 'WEIGH', grams: 5 }, headers: { 'idempotency-key': 'k' } }
    const requests: [string, Parameters<HttpWorld['ask']>[1]][] = [
      ['/', {}],
      [P, {}],
      [`${P}?atSeq=1`, {}],
      [`${P}/history`, {}],
      [`${P}/select/by`, {}],
      [`${P}/ask`, again],
      [`${P}/tell`, again],
      ['/actors', {}],
      ['/actors/count', {}],
      ['/dead-letters', {}],
      ['/nowhere', {}],
      [`${P}/select/nope`, {}],
    ]
    for (const [path, asking] of requests) {
      const text = await world.ask(path, asking)
      const packed = await world.ask(path, { ...asking, packed: true })
      assert.equal(packed.headers.get('content-type'), 'application/msgpack', path)
      assert.equal(packed.status, text.status, path)
      assert.deepEqual(JSON.parse(toReplyJson(packed.body), withoutState), text.body, path)
    }
  })

  test('in msgpack, values arrive and come back as they are', async () => {
    await using world = await HttpWorld.open()
    const input = { to: 'Ann', rich: { when: new Date(7), big: 9n, missing: undefined, set: new Set([1]) } }
    await world.ask(`${P}/start`, { body: { input }, packed: true })
    const { body } = await world.ask(`${P}/history`, { packed: true })
    const [entry] = body.entries as { command: { input: unknown } }[]
    assert.deepEqual(entry!.command.input, input)
    const seen = await world.ask(P, { packed: true })
    const { context, state } = seen.body.actor as { context: { rich: unknown }; state: unknown }
    assert.deepEqual(context.rich, {
      at: new Date(0),
      many: new Map([['a', 1n]]),
      bytes: new Uint8Array([1, 2]),
    })
    assert.ok(state instanceof Uint8Array)
  })
})

function withoutState(this: unknown, key: string, value: unknown): unknown {
  return key === 'state' ? undefined : value
}
