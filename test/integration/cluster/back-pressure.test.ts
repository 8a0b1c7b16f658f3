/**
 * Where more comes than goes: who sends is told by a typed error or waits, nothing grows without bound, and what was
 * accepted is done once there is room, or somebody, again.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { OverloadedError, PerdureError, TooLargeError } from '../../../actors/errors.js'
import type { ClusterApi } from '../../../runtime/cluster/cluster-api.js'
import type { Client } from '../../../runtime/index.js'
import { freeze, thaw } from '../../support/faults/processes.js'
import { eventually } from '../../support/nats/nats-world.js'
import { counter, ticker } from '../../support/troubled-actors.js'
import { TroubledMembers } from '../../support/troubled-members.js'

const MIB = 1024 * 1024

/** What came of a command. */
interface Sent {
  readonly key: string
  readonly id: string
  readonly code: string
  readonly error?: unknown
}

function sending(client: Client, key: string, id: string, pad: number): Promise<Sent> {
  return client
    .actor(counter, key)
    .send({ type: 'ADD', pad: 'x'.repeat(pad) }, { id })
    .then(
      () => ({ key, id, code: 'ok' }),
      (error: unknown) => ({
        key,
        id,
        code: error instanceof PerdureError ? error.code : String(error),
        error,
      }),
    )
}

/** How often each id is in an actor's history. */
async function appliedTo(api: ClusterApi, key: string): Promise<string[]> {
  const entries = await eventually(() => api.history({ address: `counter/${key}` }))
  return entries.map(entry => entry.command.commandId).filter(id => !id.endsWith('.start'))
}

async function assertOnce(api: ClusterApi, sent: readonly Sent[], isDone: (sent: Sent) => boolean) {
  for (const key of new Set(sent.map(one => one.key))) {
    const wanted = sent.filter(one => one.key === key && isDone(one)).map(one => one.id)
    const applied = await eventually(async () => {
      const found = await appliedTo(api, key)
      return wanted.every(id => found.includes(id)) ? found : undefined
    })
    assert.equal(new Set(applied).size, applied.length, `${key}: one was applied twice`)
  }
}

const codesOf = (sent: readonly Sent[]) => [...new Set(sent.map(one => one.code))].sort()

const residentBytes = (pid: number) =>
  1024 * Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])

test('while its member is frozen a client holds so much and no more, and all it sent is applied once', {
  timeout: 60_000,
}, async t => {
  const members = await TroubledMembers.on(t, { name: 'frozen', shards: 2 })
  const member = await members.start('m0')
  const bounds = { inboxBytesMax: 4 * MIB, remoteAwayMsMax: 30_000 }
  const client = await members.client(bounds)
  const { api } = await members.reach()
  await client.actor(counter, 'k-0').ask({ type: 'ADD' }, { id: 'before' })
  await freeze(member)
  const sends = Array.from({ length: 400 }, (_, n) => sending(client, `k-${n % 40}`, `s-${n}`, 32 * 1024))
  const refused = (await Promise.all(sends.slice(-40).map(send => Promise.race([send])))).filter(
    one => one.code !== 'ok',
  )
  assert.equal(refused.length, 40)
  assert.ok(refused[0]!.error instanceof OverloadedError, String(refused[0]!.error))
  assert.match(refused[0]!.error.message, /unanswered commands is full: 4194304 are waiting already/)
  await thaw(member)
  const sent = await Promise.all(sends)
  assert.deepEqual(codesOf(sent), ['Overloaded', 'ok'])
  const accepted = sent.filter(one => one.code === 'ok')
  t.diagnostic(`${accepted.length} of ${sent.length} accepted while nobody answered`)
  assert.ok(accepted.length * 32 * 1024 > 3 * MIB && accepted.length * 32 * 1024 < 6 * MIB)
  await assertOnce(api, sent, one => one.code === 'ok')
  for (const key of new Set(sent.map(one => one.key)))
    for (const id of await appliedTo(api, key))
      assert.ok(id === 'before' || accepted.some(one => one.id === id), `${id} was refused and applied`)
})

test('a full stream of commands refuses at the door; what is in it is applied, and with room it goes on', {
  timeout: 60_000,
}, async t => {
  const clusterAnswerMs = 300
  const members = await TroubledMembers.on(t, { name: 'full', shards: 2 })
  const member = await members.start('m0')
  const client = await members.client({ remoteAwayMsMax: 30_000, clusterAnswerMs })
  const { api, reach } = await members.reach()
  const { jsm } = reach.connection
  const stream = reach.ground.names.commandsStream
  await client.actor(counter, 'k-0').ask({ type: 'ADD' }, { id: 'before' })
  await jsm.streams.update(stream, { max_bytes: 2 * MIB })
  await freeze(member)
  const sends = Array.from({ length: 100 }, (_, n) => sending(client, `k-${n % 20}`, `s-${n}`, 64 * 1024))
  const first = await Promise.any(
    sends.map(async send => {
      const one = await send
      if (one.code === 'ok') throw new Error('accepted')
      return one
    }),
  )
  assert.ok(first.error instanceof OverloadedError, String(first.error))
  assert.deepEqual(
    [first.error.retryable, first.error.details?.max, first.error.message.includes(stream)],
    [true, 2 * MIB, true],
  )
  // What was accepted is asked for again by then, and finds no room: that refuses nothing.
  await delay(3 * clusterAnswerMs)
  await thaw(member)
  const sent = await Promise.all(sends)
  assert.deepEqual(codesOf(sent), ['Overloaded', 'ok'])
  await assertOnce(api, sent, one => one.code === 'ok')
  for (const key of new Set(sent.map(one => one.key))) {
    const refused = sent.filter(one => one.key === key && one.code !== 'ok').map(one => one.id)
    const applied = await appliedTo(api, key)
    assert.deepEqual(
      refused.filter(id => applied.includes(id)),
      [],
      'refused, and applied all the same',
    )
  }
  // Reads need no room, and with room everything is as before: the refused ones are sent again.
  assert.notEqual(await client.actor(counter, 'k-0').getSnapshot(), undefined)
  assert.equal((await sending(client, 'k-0', 'still', 64 * 1024)).code, 'Overloaded')
  await jsm.streams.update(stream, { max_bytes: 64 * MIB })
  const again = await Promise.all(
    sent.filter(one => one.code !== 'ok').map(one => sending(client, one.key, one.id, 64 * 1024)),
  )
  assert.deepEqual(codesOf(again), ['ok'])
  await assertOnce(api, sent, () => true)
})

test('a command larger than a message may be is refused with both sizes, and its actor never hears of it', {
  timeout: 60_000,
}, async t => {
  const maxPayloadBytes = 600 * 1024
  const members = await TroubledMembers.on(t, { name: 'large', shards: 2 }, { maxPayloadBytes })
  await members.start('m0')
  const client = await members.client({ remoteAwayMsMax: 30_000 })
  // The client's own bound is the first: its payload may be no larger than what every part of the way can carry.
  const tooLarge = await sending(client, 'large', 'large', 650 * 1024)
  assert.ok(tooLarge.error instanceof TooLargeError, String(tooLarge.error))
  assert.match(tooLarge.error.message, /^counter\/large: .* has \d{6} bytes, at most \d{6} are allowed$/)
  // Each part fits, and both together do not fit the message.
  const { api } = await members.reach()
  const together = { pad: 'x'.repeat(350 * 1024) }
  const error = await api
    .ask({ address: 'counter/large', event: { type: 'ADD', ...together }, start: { input: together } })
    .then(
      () => assert.fail('it was taken'),
      (failure: unknown) => failure,
    )
  assert.ok(error instanceof TooLargeError, String(error))
  const { bytes, bytesMax } = error.details as { bytes: number; bytesMax: number }
  assert.ok(
    bytes > 700 * 1024 && bytesMax < maxPayloadBytes && bytesMax > 590 * 1024,
    `${bytes} of ${bytesMax}`,
  )
  // Someone who minds no client's bounds is told by the server's.
  const { reach } = await members.reach()
  await reach.connection.jsm.streams.update(reach.ground.names.commandsStream, { max_msg_size: 100_000 })
  const byServer = await sending(client, 'large', 'server', 200_000)
  assert.ok(byServer.error instanceof TooLargeError, String(byServer.error))
  assert.equal(byServer.error.details?.bytesMax, 100_000)
  assert.equal(await client.actor(counter, 'large').getSnapshot(), undefined)
  assert.equal((await sending(client, 'large', 'small', 100)).code, 'ok')
})

test('while NATS is away calls wait so long and are told; members stay small, and go on when it is back', {
  timeout: 180_000,
}, async t => {
  const awayMs = Number(process.env.PERDURE_NATS_AWAY_MS ?? 6_000)
  const members = await TroubledMembers.on(t, { name: 'away', shards: 4 })
  const child = await members.start('m0')
  const impatient = await members.client({ remoteAwayMsMax: 2_000 })
  const bounds = { remoteAwayMsMax: 60_000 + awayMs, askTimeoutMs: 60_000 + awayMs }
  const patient = await members.client(bounds)
  const { api } = await members.reach()
  for (let n = 0; n < 20; n++) await patient.actor(ticker, `t-${n}`).start(undefined)
  await patient.actor(counter, 'k-0').ask({ type: 'ADD' }, { id: 'before' })
  const ticksOf = async () =>
    (await eventually(() => patient.actor(ticker, 't-0').getSnapshot()))!.context.ticks
  await members.server.kill()
  const began = performance.now()
  const before = residentBytes(child.pid!)
  const waiting = Array.from({ length: 50 }, (_, n) => sending(patient, `k-${n % 10}`, `p-${n}`, 10_000))
  const told = await Promise.all([
    ...Array.from({ length: 20 }, (_, n) => sending(impatient, `i-${n}`, `i-${n}`, 10_000)),
    impatient
      .actor(counter, 'k-0')
      .getSnapshot()
      .then(
        () => assert.fail('nobody is there'),
        (error: PerdureError) => ({ key: '', id: 'read', code: error.code, error }),
      ),
  ])
  const toldMs = Math.round(performance.now() - began)
  assert.deepEqual(codesOf(told), ['Unavailable'])
  assert.ok(told.every(({ error }) => (error as PerdureError).retryable))
  assert.ok(toldMs >= 2_000 && toldMs < 6_000, `told after ${toldMs} ms`)
  await delay(Math.max(0, awayMs - toldMs))
  const grown = residentBytes(child.pid!) - before
  await members.server.restart()
  const back = performance.now()
  const sent = await Promise.all(waiting)
  assert.deepEqual(codesOf(sent), ['ok'])
  t.diagnostic(
    `told after ${toldMs} ms; member grew by ${Math.round(grown / MIB)} MiB in ${awayMs} ms; ` +
      `all applied ${Math.round(performance.now() - back)} ms after NATS was back`,
  )
  assert.ok(grown < 64 * MIB, `the member grew by ${grown} bytes`)
  await assertOnce(api, sent, () => true)
  // Work that was under way goes on, in the same process.
  const ticks = await ticksOf()
  await eventually(async () => ((await ticksOf()) > ticks ? true : undefined))
  assert.deepEqual(members.deaths, [])
})
