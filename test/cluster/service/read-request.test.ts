/** Public requests as they are read from a message, whoever wrote it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encode } from '../../../actors/codec.js'
import { PerdureError } from '../../../actors/errors.js'
import { limits } from '../../../actors/limits.js'
import { type PublicVerb, readRequest } from '../../../cluster/service/read-request.js'

function read(verb: PublicVerb, tokens: string, headers: Record<string, string> = {}, body: unknown = '') {
  const bytes = body instanceof Uint8Array ? body : Buffer.from(body === '' ? '' : JSON.stringify(body))
  const head = Object.entries(headers).map(([name, value]) => [name, [value]] as const)
  return readRequest(
    { verb, subject: `shop.${verb}.${tokens}`, headers: head, body: bytes },
    { name: 'shop', limits },
  )
}

function refused(...args: Parameters<typeof read>): string {
  try {
    read(...args)
  } catch (error) {
    assert.ok(error instanceof PerdureError)
    assert.equal(error.code, 'InvalidEvent')
    return error.message
  }
  return assert.fail('it is refused')
}

test('an ask is the command that a tell would be, and what is waited for', () => {
  const asked = read(
    'ask',
    'order.o%2F1',
    { 'NATS-MSG-ID': 'order/o%2F1/a-1', 'perdure-until': 'caf%C3%A9', 'Perdure-Timeout': '50' },
    { type: 'APPROVE' },
  )
  assert.deepEqual(asked, {
    verb: 'ask',
    command: { kind: 'message', commandId: 'a-1', target: 'order/o%2F1', event: { type: 'APPROVE' } },
    isNamed: true,
    until: 'café',
    timeoutMs: 50,
  })
  const packed = read(
    'ask',
    'order.o-1',
    { 'content-type': 'application/msgpack' },
    encode({ type: '$start', input: new Date(0) }),
  )
  assert.ok(packed.verb === 'ask' && packed.command.kind === 'start' && !packed.isNamed)
  assert.deepEqual(packed.command.input, new Date(0))
})

test('options are headers, and only those of the verb', () => {
  const headers = { 'Perdure-After': '3', 'Perdure-Limit': '2', 'Perdure-At-Seq': '1', 'Perdure-Until': 'x' }
  assert.deepEqual(read('history', 'order.o-1', headers), {
    verb: 'history',
    address: 'order/o-1',
    after: 3,
    limit: 2,
  })
  assert.deepEqual(read('get', 'order.o-1', { ...headers, 'Perdure-Child': 'pay/item%2E1' }), {
    verb: 'get',
    address: 'order/o-1/pay/item%2E1',
    after: 3,
    atSeq: 1,
  })
})

test('what cannot be meant is refused by name', () => {
  assert.match(refused('get', 'order.o-1', { 'Perdure-After': '1.5' }), /perdure-after .* found '1\.5'/)
  assert.match(refused('history', 'order.o-1', { 'Perdure-Limit': '0' }), /from 1 .* found '0'/)
  assert.match(refused('ask', 'order.o-1', { 'Perdure-Timeout': '1e99' }, { type: 'A' }), /perdure-timeout/)
  assert.match(refused('ask', 'order.o-1', { 'Perdure-Until': '%' }, { type: 'A' }), /Perdure-Until/)
  assert.match(refused('ask', 'order.o-1', { 'Perdure-Until': 'a' }, { type: '$start' }), /Perdure-Until/)
  assert.match(refused('get', 'order.%6F'), /bad key/)
  assert.match(refused('get', 'order.o-1', { 'Perdure-Child': '/' }), /bad Perdure-Child/)
  assert.match(refused('ask', 'order.o-1'), /no bytes at all/)
})
