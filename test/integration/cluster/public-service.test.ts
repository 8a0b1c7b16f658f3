/** The public requests as they are on the wire, answered by a micro service of NATS. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { connect, type NatsConnection } from '@nats-io/transport-node'
import { decode, encode } from '../../../actors/codec.js'
import type { Api } from '../../../runtime/api/api.js'
import { createRuntime } from '../../../runtime/compose.js'
import { type NatsServer, startNatsServer } from '../../../runtime/demo/nats-server/start-server.js'
import type { EmbeddedRuntime } from '../../../runtime/embedded/embedded-runtime.js'
import { parcel, strict } from '../../support/http-world.js'
import { publicWire, requested } from '../../support/public-wire.js'

let server: NatsServer
let nc: NatsConnection
let api: Api
let end: () => Promise<void>
before(async () => {
  const path = await mkdtemp(join(tmpdir(), 'perdure-wire-'))
  const runtime = (await createRuntime({ actors: [parcel, strict], path, control: false })) as EmbeddedRuntime
  api = runtime.api
  server = await startNatsServer()
  nc = await connect({ servers: server.url })
  end = async () => {
    await nc.close()
    await server.stop()
    await runtime.stop()
    await rm(path, { recursive: true })
  }
})
after(() => end())

interface View {
  readonly id: string
  readonly value: unknown
  readonly context: Record<string, unknown>
  readonly status: string
  readonly seq: number
}

test('an order is started, asked, looked at, and its history read', async t => {
  await publicWire(t, server.url, api, { name: 'whole' })
  const born = await requested(nc, 'whole.ask.parcel.p-1', { type: '$start', input: { to: 'ann' } })
  assert.equal(born.head?.get('content-type'), 'application/json')
  assert.deepEqual([born.body.ok, born.body.created], [true, true])
  const asked = await requested(
    nc,
    'whole.ask.parcel.p-1',
    { type: 'APPROVE', by: 'bob' },
    { 'Nats-Msg-Id': 'parcel/p-1/approve-1', 'Perdure-Until': 'sent' },
  )
  const snapshot = asked.body.snapshot as View
  assert.deepEqual(
    [asked.body.ok, asked.body.id, asked.body.duplicate, asked.body.handled, snapshot.value],
    [true, 'approve-1', false, true, 'sent'],
  )
  assert.equal('state' in snapshot, false)
  const again = await requested(
    nc,
    'whole.ask.parcel.p-1',
    { type: 'APPROVE', by: 'bob' },
    { 'perdure-command-id': 'approve-1' },
  )
  assert.deepEqual([again.body.duplicate, again.body.position], [true, asked.body.position])
  const seen = await requested(nc, 'whole.get.parcel.p-1', undefined, {
    'Perdure-After': String(snapshot.seq),
  })
  assert.equal((seen.body.snapshot as View).context.by, 'bob')
  const first = await requested(nc, 'whole.get.parcel.p-1', undefined, { 'Perdure-At-Seq': '1' })
  assert.deepEqual((first.body.snapshot as View).value, { open: 'waiting' })
  const page = await requested(nc, 'whole.history.parcel.p-1', undefined, { 'Perdure-Limit': '2' })
  const entries = page.body.entries as { seq: number; command: { kind: string } }[]
  assert.deepEqual(
    entries.map(one => one.command.kind),
    ['start', 'message'],
  )
  assert.equal(page.body.next, 2)
  const past = await requested(nc, 'whole.history.parcel.p-1', undefined, { 'Perdure-After': '1000' })
  assert.deepEqual(past.body, { ok: true, entries: [] })
  const ended = await requested(nc, 'whole.ask.parcel.p-1', { type: '$terminate', reason: 'enough' })
  assert.equal(ended.body.ok, true)
  const dead = await requested(nc, 'whole.get.parcel.p-1')
  assert.equal((dead.body.snapshot as View).status, 'stopped')
})

test('a child is spoken to by its path below the root', async t => {
  await publicWire(t, server.url, api, { name: 'child' })
  await requested(nc, 'child.ask.parcel.p-2', { type: '$start', input: { to: 'ann' } })
  const child = { 'Perdure-Child': 'item%2E1' }
  const picked = await requested(nc, 'child.ask.parcel.p-2', { type: 'PICK' }, child)
  assert.deepEqual((picked.body.snapshot as View).id, 'parcel/p-2/item%2E1')
  const seen = await requested(nc, 'child.get.parcel.p-2', undefined, child)
  assert.equal((seen.body.snapshot as View).context.picked, 1)
})

test('an event gives birth on the way, and a state to come is waited for', async t => {
  await publicWire(t, server.url, api, { name: 'birth' })
  const body = { type: '$start', input: { to: 'ann' }, event: { type: 'WEIGH', grams: 7 } }
  const asked = await requested(nc, 'birth.ask.parcel.p-3', body)
  assert.deepEqual((asked.body.snapshot as View).context.grams, [7])
  const { seq } = asked.body.snapshot as View
  const waiting = requested(nc, 'birth.get.parcel.p-3', undefined, { 'Perdure-After': String(seq + 1) })
  await requested(nc, 'birth.ask.parcel.p-3', { type: 'WEIGH', grams: 8 })
  assert.deepEqual(((await waiting).body.snapshot as View).context.grams, [7, 8])
})

test('what was written in MessagePack is answered so, and loses nothing', async t => {
  await publicWire(t, server.url, api, { name: 'packed' })
  const head = { 'content-type': 'application/msgpack' }
  const born = await requested(
    nc,
    'packed.ask.parcel.p-4',
    encode({ type: '$start', input: { to: 'ann' } }),
    head,
  )
  assert.equal(born.head?.get('content-type'), 'application/msgpack')
  const seen = await requested(nc, 'packed.get.parcel.p-4', undefined, head)
  const { snapshot } = decode(seen.bytes) as { snapshot: View }
  assert.deepEqual(snapshot.context.rich, {
    at: new Date(0),
    many: new Map([['a', 1n]]),
    bytes: new Uint8Array([1, 2]),
  })
  assert.equal('state' in snapshot, false)
})

test('what cannot be meant or is not there is told, in the body and as tools of NATS expect it', async t => {
  await publicWire(t, server.url, api, { name: 'wrong' })
  const cases: readonly [string, unknown, Record<string, string>, string, string][] = [
    ['ask.strict.s-1', { type: 'SUB' }, {}, 'NotHandled', '409'],
    ['ask.strict.s-1', { type: 'ADD', n: -1 }, {}, 'StepFailed', '422'],
    ['ask.strict.s-1', undefined, {}, 'InvalidEvent', '400'],
    ['ask.strict.s-1', [1], {}, 'InvalidEvent', '400'],
    ['ask.strict.s-1', { type: 'ADD', n: 1 }, { 'content-type': 'text/plain' }, 'InvalidEvent', '400'],
    ['ask.strict.s-1', { type: 'ADD', n: 1 }, { 'Perdure-Timeout': 'soon' }, 'InvalidEvent', '400'],
    ['ask.strict.s-1', { type: '$start', input: 1 }, { 'Perdure-Until': 'on' }, 'InvalidEvent', '400'],
    ['ask.strict.s-1', { type: 'xstate.init' }, {}, 'InvalidEvent', '400'],
    ['ask.strict.s%31', { type: 'ADD', n: 1 }, {}, 'InvalidEvent', '400'],
    ['ask.nobody.s-1', { type: 'ADD' }, {}, 'NotFound', '404'],
    ['get.parcel.never', undefined, {}, 'NotFound', '404'],
    ['get.strict.s-1', undefined, { 'Perdure-After': '-1' }, 'InvalidEvent', '400'],
    ['get.strict.s-1', undefined, { 'Perdure-After': '999', 'Perdure-Timeout': '20' }, 'Timeout', '504'],
    ['history.strict.s-1', undefined, { 'Perdure-Limit': '0' }, 'InvalidEvent', '400'],
  ]
  for (const [subject, body, fields, code, status] of cases) {
    const said = await requested(nc, `wrong.${subject}`, body, fields)
    const error = said.body.error as { code: string; message: string; retryable: boolean }
    const what = `${subject} ${JSON.stringify(body)} ${JSON.stringify(fields)}: ${error?.message}`
    assert.equal(said.body.ok, false, what)
    assert.deepEqual([error.code, said.head?.get('Nats-Service-Error-Code')], [code, status], what)
    assert.equal(said.head?.get('Nats-Service-Error'), code)
  }
})

test('an answer that fits no message is given as far as it fits', async t => {
  await publicWire(t, server.url, api, { name: 'tight', answerBytesMax: 700 })
  const born = await requested(nc, 'tight.ask.parcel.p-5', {
    type: '$start',
    input: { to: 'x'.repeat(2_000) },
  })
  assert.deepEqual([born.body.ok, born.body.created, 'snapshot' in born.body], [true, true, false])
  assert.ok(Number(born.body.snapshotBytes) > 2_000)
  const seen = await requested(nc, 'tight.get.parcel.p-5')
  assert.deepEqual([seen.body.ok, (seen.body.error as { code: string }).code], [false, 'InvalidEvent'])
  await requested(nc, 'tight.ask.strict.s-5', { type: 'ADD', n: 1 })
  for (let n = 2; n <= 6; n++) await requested(nc, 'tight.ask.strict.s-5', { type: 'ADD', n })
  const seqs: number[] = []
  for (let next = 0, pages = 0; ; pages++) {
    const fields = { 'Perdure-After': String(next) }
    const { body } = await requested(nc, 'tight.history.strict.s-5', undefined, fields)
    const entries = body.entries as { seq: number }[]
    if (entries.length === 0) {
      assert.ok(pages > 1, 'it took more than one page')
      break
    }
    seqs.push(...entries.map(one => one.seq))
    next = Number(body.next)
  }
  assert.deepEqual(seqs, [1, 2, 3, 4, 5, 6, 7])
})

test('members share the requests, and tools find each of them', async t => {
  const one = await publicWire(t, server.url, api, { name: 'shared', member: 'm1' })
  await publicWire(t, server.url, api, { name: 'shared', member: 'm2' })
  const found = async (verb: string) => {
    const answers: Record<string, unknown>[] = []
    for await (const message of await nc.requestMany(`$SRV.${verb}.shared`, '', {
      strategy: 'count',
      maxMessages: 2,
      maxWait: 5_000,
    }))
      answers.push(message.json())
    return answers
  }
  const pings = await found('PING')
  assert.deepEqual(pings.map(ping => (ping.metadata as { member: string }).member).sort(), ['m1', 'm2'])
  const info = (await found('INFO'))[0]!
  assert.deepEqual(
    (info.endpoints as { subject: string; queue_group: string }[]).map(one => [one.subject, one.queue_group]),
    [
      ...['ask', 'get', 'history'].map(verb => [`shared.${verb}.*.*`, 'perdure']),
      ...['done', 'beat'].map(verb => [`shared.${verb}.*`, 'perdure']),
    ],
  )
  for (let n = 1; n <= 40; n++) {
    const { body } = await requested(nc, 'shared.ask.strict.s-6', { type: 'ADD', n: 1 })
    assert.equal((body.snapshot as View).context.n, n, 'each is answered once')
  }
  const counts = (await found('STATS')).map(
    stats =>
      (stats.endpoints as { name: string; num_requests: number }[]).find(each => each.name === 'ask')!
        .num_requests,
  )
  assert.equal(
    counts.reduce((a, b) => a + b, 0),
    40,
  )
  assert.ok(
    counts.every(count => count > 0),
    `both answer: ${counts}`,
  )
  await one.retire()
  for (let n = 41; n <= 44; n++) {
    const { body } = await requested(nc, 'shared.ask.strict.s-6', { type: 'ADD', n: 1 })
    assert.equal((body.snapshot as View).context.n, n, 'the other answers alone')
  }
})

test('who asked before a member stops is answered, and too many at once are turned away', async t => {
  const service = await publicWire(t, server.url, api, {
    name: 'busy',
    limits: { remoteRequestsMax: 1 },
  })
  await requested(nc, 'busy.ask.parcel.p-7', { type: '$start', input: { to: 'ann' } })
  const { body } = await requested(nc, 'busy.get.parcel.p-7')
  const { seq } = body.snapshot as View
  const held = requested(nc, 'busy.get.parcel.p-7', undefined, { 'Perdure-After': String(seq + 1) })
  const turned = await requested(nc, 'busy.get.parcel.p-7')
  const { code, retryable } = turned.body.error as { code: string; retryable: boolean }
  assert.deepEqual([code, retryable], ['Overloaded', true])
  const closing = service.close()
  await api.tell({ address: 'parcel/p-7', event: { type: 'WEIGH', grams: 1 } })
  assert.equal((await held).body.ok, true)
  await closing
  await assert.rejects(requested(nc, 'busy.get.parcel.p-7'), /no responders/)
})
