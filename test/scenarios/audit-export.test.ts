/**
 * The audit trail of a demo's orders, as `perdure export order --format audit` writes it when all is over,
 * kills included: against what the commits themselves say was published, and against a dumber account of
 * what every trail must hold.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { idOf } from '../../actors/address.js'
import { openJournal } from '../../journal/index.js'
import { type DemoResult, runDemo } from '../../runtime/demo/demo.js'
import { journalDirectory } from '../../runtime/demo/demo-directory.js'
import { order } from '../support/demo-orders.js'

const main = fileURLToPath(new URL('../../runtime/cli/main.js', import.meta.url))
const definitions = fileURLToPath(new URL('../support/demo-orders.js', import.meta.url))
const silent = { begin() {}, update() {}, stop() {} }

interface AuditLine {
  readonly orderId: string
  readonly type: string
  readonly agent: string
  readonly payload: Readonly<Record<string, unknown>>
  readonly timestamp: number
}

describe('the audit trail of a demo that was killed', () => {
  const directory = mkdtempSync(join(tmpdir(), 'perdure-audit-export-'))
  const trails = new Map<string, AuditLine[]>()
  let result: DemoResult

  before(async () => {
    result = await runDemo(
      { orders: 120, seed: 10, kills: 3, faults: { timeout: 0.1, decline: 0.05 }, directory },
      silent,
    )
    const args = ['export', order.type, '--format', 'audit', '--path', directory, '--actors', definitions]
    const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], {
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
    })
    assert.equal(status, 0, stderr)
    for (const line of stdout.trimEnd().split('\n')) {
      const entry = JSON.parse(line) as AuditLine
      trails.set(entry.orderId, [...(trails.get(entry.orderId) ?? []), entry])
    }
  })
  after(() => rmSync(directory, { recursive: true }))

  it('is what the commits say was published, entry for entry, in order', () => {
    const published = new Map<string, unknown[]>()
    const journal = openJournal({ path: journalDirectory(directory), readOnly: true })
    try {
      for (const commit of journal.commits(0))
        for (const { address, event } of commit.published) {
          const { type, key } = idOf(address)
          if (type === order.type) published.set(key, [...(published.get(key) ?? []), event])
        }
    } finally {
      journal.close()
    }
    assert.equal(trails.size, published.size)
    for (const [orderId, events] of published) assert.deepEqual(trails.get(orderId)?.map(inBrief), events)
  })

  it('has of each order whose it is, what was decided or done, by whom, on what ground and when', () => {
    const ended = { delivered: 'DELIVERED', cancelled: 'CANCELLED', rejected: 'REJECTED' } as const
    for (const [orderId, state] of result.journal.states) {
      const trail = trails.get(orderId) ?? []
      for (const { type, agent, payload, timestamp } of trail) {
        assert.ok(type !== '' && agent !== '' && typeof payload === 'object', orderId)
        assert.ok(Number.isFinite(timestamp), orderId)
      }
      const times = trail.map(({ timestamp }) => timestamp)
      assert.deepEqual(
        times,
        times.toSorted((a, b) => a - b),
        orderId,
      )
      const topics = trail
        .map(({ type }) => type)
        .filter(type => /^(RAW|ENRICHED|DECIDED|SETTLED)$/.test(type))
      assert.equal(new Set(topics).size, topics.length, `${orderId}: ${topics}`)
      const end = ended[state as keyof typeof ended]
      assert.equal(trail.filter(({ type }) => type === 'SETTLED').length, end === undefined ? 0 : 1, orderId)
      if (end !== undefined)
        assert.deepEqual(
          trail.slice(-2).map(({ type }) => type),
          [end, 'SETTLED'],
        )
    }
  })

  it('agrees with the gateway about money', () => {
    for (const [orderId, trail] of trails) {
      const settled = trail.find(({ type }) => type === 'SETTLED')
      if (settled !== undefined)
        assert.equal(settled.payload.kept, result.ledger.kept.get(orderId) ?? 0, orderId)
    }
  })
})

function inBrief({ type, orderId, agent, payload, timestamp }: AuditLine): AuditLine {
  return { type, orderId, agent, payload, timestamp }
}
