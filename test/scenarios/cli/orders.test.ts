/**
 * Orders on the command line over kills and restarts: their audit trail, who follows them, who is shown them.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { WebSocket } from 'ws'
import type { OrderEvent } from '../../../machines/lifecycles/order-events.js'
import { connect } from '../../../runtime/index.js'
import { approved, delivered, handedOver, noon, purchased } from '../../machines/lifecycles/order-life.js'
import { order } from '../../support/willing-orders.js'
import { perdure, Running } from './terminal.js'

const module = fileURLToPath(new URL('../../support/willing-orders.js', import.meta.url))
const directory = realpathSync(mkdtempSync(join(tmpdir(), 'perdure-cli-orders-')))
const data = join(directory, 'data')
const runs: Running[] = []

after(async () => {
  for (const one of runs) if (one.process.exitCode === null) await one.stop('SIGKILL')
  rmSync(directory, { recursive: true, force: true })
})

function running(...args: string[]): Running {
  const one = new Running(data, args)
  runs.push(one)
  return one
}

async function started(...args: string[]): Promise<Running> {
  const one = running('start', module, ...args)
  await one.printed(/\n/)
  return one
}

async function happen(key: string, ...events: OrderEvent[]): Promise<void> {
  const client = await connect({ actors: [order], path: data })
  const actor = client.actor(order, key)
  for (const event of events) {
    await actor.send(event)
    await actor.waitFor(({ tags, status }) => status === 'done' || tags.has('waiting'))
  }
  await client[Symbol.asyncDispose]()
}

async function audit(...args: string[]): Promise<string[]> {
  const { stdout, stderr, code } = await perdure(data, 'export', ...args, '--format', 'audit')
  assert.deepEqual([code, stderr], [0, ''])
  return stdout.trimEnd().split('\n')
}

describe('perdure export --format audit', () => {
  it('is one line an event as published, the same live, after a kill, at rest, and in the next run', async () => {
    const first = await started()
    await happen('o-1', purchased(), approved, handedOver)
    const lines = await audit('order/o-1')
    const events = lines.map(line => JSON.parse(line) as Record<string, unknown>)
    for (const event of events) {
      assert.deepEqual(Object.keys(event), ['type', 'orderId', 'agent', 'payload', 'timestamp'])
      assert.equal(event.orderId, 'o-1')
    }
    const steps = ['RAW', 'ENRICHED', 'DECIDED', 'CHARGED', 'NOTIFIED', 'BOOKED', 'IN_TRANSIT']
    assert.deepEqual(
      events.map(({ type }) => type),
      steps,
    )
    assert.equal(events[0]!.timestamp, noon)
    await first.stop('SIGKILL')
    assert.deepEqual(await audit('order/o-1', '--actors', module), lines)
    const second = await started()
    assert.deepEqual(await audit('order/o-1'), lines)
    await happen('o-1', delivered)
    await happen('o-2', purchased({ customer: 'c-2' }))
    const whole = await audit('order/o-1')
    assert.deepEqual(whole.slice(0, lines.length), lines)
    assert.deepEqual(
      whole.slice(lines.length).map(line => (JSON.parse(line) as { type: string }).type),
      ['DELIVERED', 'SETTLED'],
    )
    const all = await audit('order')
    assert.deepEqual(all, [...whole, ...(await audit('order/o-2'))])
    await second.stop('SIGTERM')
    assert.deepEqual(await audit('order', '--actors', module), all)
  })
})

describe('whoever follows a runtime that', () => {
  const follow = async () => {
    const followers = [
      running('watch', 'order/o-1'),
      running('watch', 'order/o-1', '--json'),
      running('history', 'order/o-1', '-f'),
      running('ask', 'order/o-1', 'NOPE', '--until', 'nowhere', '--id', `wait-${runs.length}`),
    ]
    await followers[0]!.printed(/o-1 {2}\d/)
    await followers[1]!.printed(/"seq":/)
    await followers[2]!.printed(/NOPE/)
    return followers
  }

  for (const [what, signal, said] of [
    ['is killed', 'SIGKILL', /^(the runtime on .* went away|no runtime answers on )/],
    ['stops', 'SIGTERM', /stopped|stops|went away|no runtime answers on /],
  ] as const)
    it(`${what} is told so in a line, and ends with 3`, async () => {
      const runtime = await started()
      const followers = await follow()
      await runtime.stop(signal)
      for (const { args, code, stderr } of await Promise.all(followers.map(one => one.ended()))) {
        assert.equal(code, 3, `${args.join(' ')}: ${stderr}`)
        assert.match(saidIn(stderr, args.includes('--json')), said, args.join(' '))
        assert.equal(stderr.trimEnd().split('\n').length, 1, stderr)
      }
    })
})

describe('perdure start --inspect --redact', () => {
  it('shows what was chosen, without the fields that nobody may see', async () => {
    const runtime = await started('--inspect', 'order/o-1', '--redact', 'customer', '--stately', '0')
    const url = /inspector at http(\S+?),/.exec(runtime.seen.stdout)?.[1]
    const socket = new WebSocket(`ws${url}`)
    const told: string[] = []
    const isShown = new Promise<void>(resolve => {
      socket.on('message', text => {
        told.push(String(text))
        if (told.some(one => one.includes('"SETTLED"') || one.includes('@xstate.snapshot'))) resolve()
      })
    })
    await isShown
    await happen('o-2', approved)
    socket.close()
    const text = told.join('\n')
    assert.match(text, /order\/o-1/)
    assert.match(text, /"customer":"\[redacted\]"/)
    assert.ok(!text.includes('"customer":"c-') && !text.includes('order/o-2'))
    await runtime.stop('SIGTERM')
  })

  it('refuses what there is not, before anything runs', async () => {
    for (const what of ['parcel', 'order/o-1/payment', ':paying']) {
      const { code, stderr, stdout } = await perdure(data, 'start', module, '--inspect', what)
      assert.deepEqual([code, stdout], [2, ''])
      assert.match(stderr, /inspect.*expected/)
    }
  })
})

/** What a command says went wrong: a line for people, JSON for programs. */
function saidIn(stderr: string, isJson: boolean): string {
  if (!isJson) return /^perdure: (.*)/.exec(stderr)?.[1] ?? ''
  const { ok, error } = JSON.parse(stderr)
  assert.deepEqual([ok, error.code], [false, 'Unavailable'])
  return error.message
}
