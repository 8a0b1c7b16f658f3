import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { encode } from '../../../actors/codec.js'
import type { Command } from '../../../actors/command.js'
import { limits } from '../../../actors/limits.js'
import { namesOf } from '../../../cluster/names.js'
import { commandMessage, type WireMessage } from '../../../cluster/wire/command-message.js'
import { type ReadCommand, readCommand, type StoredMessage } from '../../../cluster/wire/read-command.js'
import { anyPublicCommand } from '../../support/commands.js'
import { runs } from '../../support/effort.js'

const names = namesOf()
const site = { name: 'perdure', identity: 'stream-1', limits }

/** As the stream keeps it: its subject rewritten by the partition. */
function stored({ subject, headers, body }: WireMessage, more: Partial<StoredMessage> = {}): StoredMessage {
  const kept = subject.replace(/^perdure\.cmd\./, 'perdure.shard.7.')
  return {
    subject: kept,
    sequence: 12,
    headers: headers.map(([name, value]) => [name, [value]]),
    body,
    ...more,
  }
}

/** What someone else may publish. */
function published(
  body: string | Uint8Array,
  headers: Readonly<Record<string, string>> = {},
  address = 'order.o-1',
): ReadCommand {
  return readCommand(
    {
      subject: `perdure.shard.7.${address}`,
      sequence: 12,
      headers: Object.entries(headers).map(([name, value]) => [name, [value]]),
      body: Buffer.from(body),
    },
    site,
  )
}

function assertRefused({ command, refusal }: ReadCommand, expected: RegExp): void {
  assert.equal(refusal?.code, 'InvalidEvent')
  assert.match(refusal.message, expected)
  // Whatever was refused can be kept as a dead letter, and no actor takes it.
  encode(command)
  assert.equal(command.kind === 'message' && command.event.type, '$unreadable')
}

suite('a command on the wire', () => {
  test('is read back as it was, whatever it holds', () => {
    fc.assert(
      fc.property(anyPublicCommand(), command => {
        assert.deepStrictEqual(readCommand(stored(commandMessage(command, names)), site), { command })
      }),
      { numRuns: runs(500) },
    )
  })

  test('is read back from JSON too, where JSON can carry it', () => {
    const json = fc.jsonValue({ maxDepth: 3 }).map(value => JSON.parse(JSON.stringify(value)) as unknown)
    fc.assert(
      fc.property(anyPublicCommand(json), command => {
        const message = stored(commandMessage(command, names))
        const body = Buffer.from(JSON.stringify(bodyOf(command)))
        const headers = [...(message.headers ?? [])].filter(([name]) => name !== 'content-type')
        assert.deepStrictEqual(readCommand({ ...message, body, headers }, site), { command })
      }),
      { numRuns: runs(500) },
    )
  })

  test('says where its answer goes, and is known to JetStream by actor and id', () => {
    const command: Command = {
      kind: 'message',
      commandId: 'a/b #1',
      target: 'order/o-1/pay',
      event: { type: 'PAY' },
    }
    const message = commandMessage(command, names, { replyTo: 'perdure.r.client.1', repeat: 2 })
    assert.equal(message.subject, 'perdure.cmd.order.o-1')
    const headers = Object.fromEntries(message.headers)
    assert.equal(headers['Nats-Msg-Id'], 'order/o-1/a%2Fb%20%231/pay#2')
    assert.deepStrictEqual(readCommand(stored(message), site), { command, replyTo: 'perdure.r.client.1' })
  })

  test('of a kind that only comes from inside, or with an id that has no UTF-8 form, is not sent', () => {
    const timer: Command = { kind: 'timer', commandId: '1', target: 'order/o-1', timer: 3 }
    assert.throws(() => commandMessage(timer, names), { code: 'InvalidEvent', message: /kind 'timer'/ })
    const odd: Command = { kind: 'start', commandId: '\ud800', target: 'order/o-1', input: 1 }
    assert.throws(() => commandMessage(odd, names), { code: 'InvalidEvent', message: /lone surrogate/ })
  })
})

/** Bodies of no sense, and sound ones with a few bytes changed. */
const anyBytes = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  fc.uint8Array({ maxLength: 40 }).map(rest => Uint8Array.from([0xc1, ...rest])),
  fc
    .tuple(anyPublicCommand(), fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }))
    .map(([command, changes]) => {
      const { body } = commandMessage(command, names)
      for (const [at, byte] of changes) body[at % body.length] = byte
      return body
    }),
)
const header = fc.oneof(fc.string({ maxLength: 20 }), fc.constantFrom('%', '1e999', 'perdure.r..', 'a/b/c'))
const anyHeaders = fc.dictionary(
  fc.constantFrom(
    'Nats-Msg-Id',
    'Perdure-Command-Id',
    'Perdure-Child',
    'Perdure-Reply',
    'Perdure-Delay',
    'Perdure-Start',
    'traceparent',
    'tracestate',
  ),
  header,
)
const anyContent = fc.constantFrom(
  'application/json',
  'application/msgpack',
  'application/msgpack',
  'image/png',
  '',
)

const refusals: readonly [what: string, read: () => ReadCommand, expected: RegExp][] = [
  ['no JSON', () => published('{"type":'), /order\/o-1: expected a body of application\/json, found .*JSON/],
  ['an empty body', () => published(''), /found no bytes at all/],
  ['no UTF-8', () => published(Uint8Array.of(0x22, 0xff, 0x22)), /expected a body of application\/json/],
  [
    'an unknown content',
    () => published('a', { 'content-type': 'text/xml' }),
    /content-type .* found 'text\/xml'/,
  ],
  ['a list', () => published('[1]'), /expected an event: .* found an array/],
  ['an event without type', () => published('{"by":"ann"}'), /found an object without a 'type'/],
  ['an empty type', () => published('{"type":""}'), /non-empty string/],
  ['an unknown order', () => published('{"type":"$stop"}'), /'\$start' or '\$terminate', found '\$stop'/],
  [
    'a misspelt start',
    () => published('{"type":"$start","inputs":1}'),
    /'input' and 'event' .* found 'inputs'/,
  ],
  ['an end without reason', () => published('{"type":"$terminate"}'), /a text as the 'reason'/],
  [
    'a delayed start',
    () => published('{"type":"$start"}', { 'Perdure-Delay': '5' }),
    /no delay with '\$start'/,
  ],
  [
    'an odd delay',
    () => published('{"type":"A"}', { 'Perdure-Delay': 'soon' }),
    /Perdure-Delay between 0 .*'soon'/,
  ],
  ['a delay below nothing', () => published('{"type":"A"}', { 'Perdure-Delay': '-1' }), /found '-1'/],
  [
    'an answer to elsewhere',
    () => published('{"type":"A"}', { 'Perdure-Reply': '$JS.API.x' }),
    /perdure\.r\./,
  ],
  ['an answer to all', () => published('{"type":"A"}', { 'Perdure-Reply': 'perdure.r.a.*' }), /perdure\.r\./],
  ['a long id', () => published('{"type":"A"}', { 'Perdure-Command-Id': 'x'.repeat(300) }), /300 characters/],
  ['an id badly encoded', () => published('{"type":"A"}', { 'Perdure-Command-Id': '50%' }), /found '50%'/],
  ['an odd child', () => published('{"type":"A"}', { 'Perdure-Child': 'a//b' }), /bad Perdure-Child/],
  [
    'a started child',
    () => published('{"type":"$start"}', { 'Perdure-Child': 'a' }),
    /started by its parent/,
  ],
  ['an unencoded key', () => published('{"type":"A"}', {}, 'order.ann@x'), /bad key: .* found 'ann@x'/],
  ['two forms of a key', () => published('{"type":"A"}', {}, 'order.%41'), /bad key: .* found '%41'/],
  ['a key in lower case', () => published('{"type":"A"}', {}, 'order.%c3%bc'), /bad key/],
  [
    'too much',
    () => published(JSON.stringify({ type: 'A', x: 'x'.repeat(600_000) })),
    /600012 bytes|bytes, at most/,
  ],
  ['too deep', () => published(`{"type":"A","x":${'['.repeat(9_000)}${']'.repeat(9_000)}}`), /nested deeper/],
  ['an odd start', () => published('{"type":"A"}', { 'Perdure-Start': '{' }), /a Perdure-Start that is/],
]

suite('a command that anybody published', () => {
  test('needs a body alone: its id is that of its message, or of its place in the stream', () => {
    const event = { type: 'APPROVE', by: 'ann' }
    const body = JSON.stringify(event)
    const of = (commandId: string) => ({
      command: { kind: 'message', commandId, target: 'order/o-1', event },
    })
    assert.deepStrictEqual(published(body), of('stream-1.12'))
    assert.deepStrictEqual(published(body, { 'Nats-Msg-Id': 'order/o-1/c%201' }), of('c 1'))
    assert.deepStrictEqual(published(body, { 'Nats-Msg-Id': 'bare' }), of('bare'))
    const both = { 'Nats-Msg-Id': 'order/o-1/c1#1', 'perdure-command-id': 'c1' }
    assert.deepStrictEqual(published(body, both), of('c1'))
  })

  test('may bring a start in its body or in a header', () => {
    const command = {
      kind: 'message',
      commandId: 'stream-1.12',
      target: 'order/o-1',
      event: { type: 'ADD' },
      start: { input: { for: 'ann' } },
    }
    assert.deepStrictEqual(published('{"type":"ADD"}', { 'Perdure-Start': '{"for":"ann"}' }), { command })
    const packed = Buffer.from(encode({ for: 'ann' })).toString('base64url')
    const headers = { 'Perdure-Start': packed, 'Content-Type': 'application/msgpack' }
    assert.deepStrictEqual(published(encode({ type: 'ADD' }), headers), { command })
    const body = { type: '$start', input: { for: 'ann' }, event: { type: 'ADD' } }
    assert.deepStrictEqual(published(JSON.stringify(body)), { command })
  })

  for (const [what, read, expected] of refusals)
    test(`is refused with ${what}, and said why`, () => assertRefused(read(), expected))

  test('is told of its refusal where it asked to be', () => {
    const { replyTo } = published('[]', { 'Perdure-Reply': 'perdure.r.client.1' })
    assert.equal(replyTo, 'perdure.r.client.1')
  })

  test('never throws at its reader, whatever its bytes are', () => {
    const subject = fc.oneof(fc.constant('order.o-1'), fc.string({ maxLength: 20 }))
    fc.assert(
      fc.property(anyBytes, anyHeaders, anyContent, subject, (body, given, contentType, address) => {
        const { command, refusal } = published(body, { ...given, 'content-type': contentType }, address)
        encode(command)
        if (refusal !== undefined) assert.match(refusal.message, /expected .*found|at most/s)
        // Nothing of it stays behind with the reader.
        const next = published(encode({ type: 'A', list: [100, 64, 127] }), {
          'content-type': 'application/msgpack',
        })
        assert.deepStrictEqual((next.command as { event?: unknown }).event, {
          type: 'A',
          list: [100, 64, 127],
        })
      }),
      { numRuns: runs(5_000) },
    )
  })
})

function bodyOf(command: Command): unknown {
  if (command.kind === 'start') return { type: '$start', input: command.input }
  if (command.kind === 'message')
    return command.start ? { type: '$start', ...command.start, event: command.event } : command.event
  if (command.kind === 'operator' && command.order.type === 'terminate')
    return { type: '$terminate', reason: command.order.reason }
  throw new Error(`a ${command.kind} command does not come from outside`)
}
