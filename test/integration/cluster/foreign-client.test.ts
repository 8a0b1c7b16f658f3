/**
 * An order driven by a client that shares no code with us: the wire protocol as docs/wire-protocol.md has it, in NATS'
 * own text protocol over a socket.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { assign, emit, setup } from 'xstate'
import { type NatsServer, startNatsServer } from '../../../runtime/demo/nats-server/start-server.js'
import { activity, defineActor } from '../../../runtime/index.js'
import { type RawMessage, RawNats } from '../../support/raw-nats.js'
import { runningMember } from '../../support/running-member.js'

const order = defineActor({
  machine: setup({
    types: {
      input: {} as { customer: string; total: number },
      context: {} as { customer: string; total: number; notes: readonly string[]; receipt?: string },
      events: {} as { type: 'NOTE'; text: string } | { type: 'APPROVE'; by: string },
      emitted: {} as { type: 'APPROVED'; by: string } | { type: 'PAID'; receipt: string },
    },
    actors: { charge: activity(async ({ input }: { input: { total: number } }) => `receipt-${input.total}`) },
  }).createMachine({
    id: 'order',
    initial: 'pending',
    context: ({ input }) => ({ ...input, notes: [] }),
    on: { NOTE: { actions: assign({ notes: ({ context, event }) => [...context.notes, event.text] }) } },
    states: {
      pending: {
        on: {
          APPROVE: { target: 'charging', actions: emit(({ event }) => ({ type: 'APPROVED', by: event.by })) },
        },
      },
      charging: {
        invoke: {
          src: 'charge',
          input: ({ context }) => ({ total: context.total }),
          onDone: {
            target: 'paid',
            actions: [
              assign({ receipt: ({ event }) => event.output }),
              emit(({ event }) => ({ type: 'PAID', receipt: event.output })),
            ],
          },
        },
      },
      paid: { type: 'final' },
    },
  }),
  version: '1',
})

let server: NatsServer
before(async () => {
  server = await startNatsServer()
})
after(() => server.stop())

interface View {
  readonly value: unknown
  readonly context: { readonly notes: readonly string[]; readonly receipt?: string }
  readonly status: string
  readonly seq: number
}

interface Answer {
  readonly ok: boolean
  readonly id: string
  readonly duplicate: boolean
  readonly durability: string
  readonly handled: boolean
  readonly snapshot: View
  readonly entries: readonly { readonly seq: number; readonly command: { readonly commandId: string } }[]
  readonly error: { readonly code: string }
}

const answerIn = ({ body }: RawMessage) => JSON.parse(body) as Answer

/** What JetStream says of a message that was published to a stream. */
async function stored(raw: RawNats, subject: string, event: object, fields = {}) {
  const { body } = await raw.request(subject, JSON.stringify(event), fields)
  return JSON.parse(body) as { stream: string; seq: number; duplicate?: boolean; error?: object }
}

/** The state of an actor at its newest, once its history has got there. */
async function got(raw: RawNats, key: string, after: number): Promise<View> {
  const fields = { 'Perdure-After': String(after) }
  const answer = answerIn(await raw.request(`perdure.get.order.${key}`, '', fields))
  assert.equal(answer.ok, true, JSON.stringify(answer))
  return answer.snapshot
}

/** Follows events by a consumer without acknowledgements, as JetStream's API describes it. */
async function following(raw: RawNats, filter: string): Promise<RawMessage[]> {
  const heard: RawMessage[] = []
  const deliver = raw.inbox()
  raw.subscribe(deliver, message => {
    if (message.headers.status === undefined) heard.push(message)
  })
  const config = {
    deliver_subject: deliver,
    filter_subject: filter,
    ack_policy: 'none',
    deliver_policy: 'all',
  }
  const request = JSON.stringify({ stream_name: 'PERDURE_EVENTS', config })
  const { body } = await raw.request('$JS.API.CONSUMER.CREATE.PERDURE_EVENTS', request)
  assert.equal((JSON.parse(body) as { error?: object }).error, undefined, body)
  return heard
}

async function until(holds: () => boolean, what: string): Promise<void> {
  for (let tries = 0; !holds(); tries++) {
    assert.ok(tries < 1_500, what)
    await new Promise(resolve => setTimeout(resolve, 10))
  }
}

test('an order is started, told, asked, looked at and followed in lines of text', async t => {
  await runningMember(t, [order], { servers: server.url, shards: 8 })
  const raw = await RawNats.open(server.url)
  t.after(() => raw.close())

  const birth = await stored(raw, 'perdure.cmd.order.o-1', {
    type: '$start',
    input: { customer: 'ann', total: 42 },
  })
  assert.deepEqual([birth.stream, typeof birth.seq], ['PERDURE_COMMANDS', 'number'])
  assert.deepEqual((await got(raw, 'o-1', 1)).value, 'pending')

  const note = { 'Nats-Msg-Id': 'order/o-1/note-1' }
  await stored(raw, 'perdure.cmd.order.o-1', { type: 'NOTE', text: 'fragile' }, note)
  const repeated = await stored(raw, 'perdure.cmd.order.o-1', { type: 'NOTE', text: 'fragile' }, note)
  assert.equal(repeated.duplicate, true)
  assert.deepEqual((await got(raw, 'o-1', 2)).context.notes, ['fragile'])

  const approve = {
    'Nats-Msg-Id': 'order/o-1/approve-1',
    'Perdure-Until': 'done',
    'Perdure-Timeout': '10000',
  }
  const body = '{"type":"APPROVE","by":"bob"}'
  const asked = answerIn(await raw.request('perdure.ask.order.o-1', body, approve))
  assert.deepEqual(
    [asked.ok, asked.id, asked.durability, asked.duplicate, asked.handled],
    [true, 'approve-1', 'replicated', false, true],
  )
  assert.deepEqual([asked.snapshot.status, asked.snapshot.context.receipt], ['done', 'receipt-42'])
  const again = answerIn(await raw.request('perdure.ask.order.o-1', body, approve))
  assert.deepEqual([again.ok, again.duplicate], [true, true])

  const past = answerIn(await raw.request('perdure.history.order.o-1'))
  assert.deepEqual(
    past.entries.map(one => one.seq),
    past.entries.map((_, index) => index + 1),
  )
  assert.deepEqual(
    past.entries.slice(1, 3).map(one => one.command.commandId),
    ['note-1', 'approve-1'],
  )

  const heard = await following(raw, 'perdure.event.order.o-1.>')
  await until(() => heard.length >= 2, 'both events are heard')
  assert.deepEqual(
    heard.map(({ subject, headers }) => [subject, headers['Perdure-Address']]),
    ['APPROVED', 'PAID'].map(type => [`perdure.event.order.o-1.${type}`, 'order/o-1']),
  )
})

test('an activity is completed elsewhere, by a client that was only told its token', async t => {
  const tokens: string[] = []
  const lasts: unknown[] = []
  const errand = defineActor({
    machine: setup({
      types: { context: {} as { done?: unknown } },
      actors: {
        run: activity<unknown>(
          async ({ token, elsewhere, lastHeartbeat }) => {
            tokens.push(token)
            lasts.push(lastHeartbeat)
            return elsewhere()
          },
          { retry: { initialMs: 1 } },
        ),
      },
    }).createMachine({
      id: 'errand',
      context: {},
      initial: 'running',
      states: {
        running: {
          invoke: {
            src: 'run',
            onDone: { target: 'over', actions: assign({ done: ({ event }) => event.output }) },
          },
        },
        over: { type: 'final' },
      },
    }),
    version: '1',
  })
  await runningMember(t, [errand], { servers: server.url, shards: 8, name: 'errands' })
  const raw = await RawNats.open(server.url)
  t.after(() => raw.close())
  await stored(raw, 'errands.cmd.errand.e-1', { type: '$start' })
  await until(() => tokens.length === 1, 'the activity has begun')
  const say = async (verb: string, token: string, body: string) =>
    answerIn(await raw.request(`errands.${verb}.${token}`, body))
  assert.equal((await say('beat', tokens[0]!, '{"details":{"page":7}}')).ok, true)
  assert.equal((await say('done', tokens[0]!, '{"error":{"message":"paper jam"}}')).ok, true)
  await until(() => tokens.length === 2, 'it is tried again')
  assert.deepEqual(lasts[1], { page: 7 })
  const expired = await say('done', tokens[0]!, '{"output":1}')
  assert.deepEqual([expired.ok, expired.error.code], [false, 'NotFound'])
  assert.equal((await say('done', tokens[1]!, 'no JSON')).error.code, 'InvalidEvent')
  assert.equal((await say('done', tokens[1]!, '[]')).error.code, 'InvalidEvent')
  assert.equal((await say('done', 'nonsense', '{}')).error.code, 'InvalidEvent')
  const ended = await say('done', tokens[1]!, '{"output":{"pages":12}}')
  assert.deepEqual([ended.ok, ended.duplicate, ended.durability], [true, false, 'replicated'])
  const again = await say('done', tokens[1]!, '{"output":{"pages":12}}')
  assert.deepEqual(again, { ...ended, duplicate: true })
  const last = answerIn(await raw.request('errands.get.errand.e-1')).snapshot
  assert.deepEqual([last.status, last.context], ['done', { done: { pages: 12 } }])
})

test('two orders that are given the same command id both get their command', async t => {
  await runningMember(t, [order], { servers: server.url, shards: 8 })
  const raw = await RawNats.open(server.url)
  t.after(() => raw.close())
  for (const key of ['t-1', 't-2']) {
    const input = { customer: key, total: 1 }
    await stored(raw, `perdure.cmd.order.${key}`, { type: '$start', input })
    await stored(
      raw,
      `perdure.cmd.order.${key}`,
      { type: 'NOTE', text: key },
      {
        'Nats-Msg-Id': `order/${key}/same`,
      },
    )
  }
  for (const key of ['t-1', 't-2']) {
    assert.deepEqual((await got(raw, key, 2)).context.notes, [key])
    const past = answerIn(await raw.request(`perdure.history.order.${key}`))
    assert.equal(past.entries[1]?.command.commandId, 'same')
  }
})

test('a wrong request is refused in words, and one nobody can serve says so at once', async t => {
  const raw = await RawNats.open(server.url)
  t.after(() => raw.close())
  await assert.rejects(raw.request('perdure.get.order.o-1'), /nobody serves it/)
  await runningMember(t, [order], { servers: server.url, shards: 8 })
  const refused = await raw.request('perdure.ask.order.o-1', 'no JSON')
  assert.equal(answerIn(refused).error.code, 'InvalidEvent')
  assert.equal(refused.headers['Nats-Service-Error-Code'], '400')
  const unborn = answerIn(await raw.request('perdure.get.order.nobody'))
  assert.equal(unborn.error.code, 'NotFound')
})
