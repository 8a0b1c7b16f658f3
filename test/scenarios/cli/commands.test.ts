/**
 * Each command in both formats, as goldens: first against a running runtime, then, once it is stopped,
 * against the journal it left. PERDURE_GOLDEN=write rewrites them.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { assertGolden } from './golden.js'
import { perdure, Running, type Seen, shop, transcript } from './terminal.js'

const directory = realpathSync(mkdtempSync(join(tmpdir(), 'perdure-cli-')))
const data = join(directory, 'data')
const names: Record<string, string> = { [directory]: 'dir', [shop]: 'shop.js' }
let runtime: Running

const run = (...args: string[]) => perdure(data, ...args)

/** Runs what may run at once, and holds what was seen against the golden of that name. */
async function golden(name: string, ...calls: string[][]): Promise<Seen[]> {
  const seen = await Promise.all(calls.map(args => run(...args)))
  assertGolden(name, seen.map(one => transcript(one, names)).join('\n'))
  return seen
}

/** The same one after the other: each changes something. */
async function goldenInTurn(name: string, ...calls: string[][]): Promise<Seen[]> {
  const seen: Seen[] = []
  for (const args of calls) seen.push(await run(...args))
  assertGolden(name, seen.map(one => transcript(one, names)).join('\n'))
  return seen
}

/** A test whose proof is the golden. */
function shows(title: string, work: () => Promise<unknown>): void {
  it(title, async () => {
    await work()
  })
}

async function letters(): Promise<string[]> {
  const { stdout } = await run('dead', 'list', '--json')
  return stdout
    .trim()
    .split('\n')
    .filter(line => line !== '')
    .map(line => (JSON.parse(line) as { id: string }).id)
}

after(async () => {
  if (runtime?.process.exitCode === null) await runtime.stop('SIGKILL')
  rmSync(directory, { recursive: true, force: true })
})

before(async () => {
  runtime = new Running(data, ['start', shop, '--http', '0', '--metrics', '--stately', '0'])
  await runtime.printed(/\n/)
})

describe('against a running runtime, what changes actors', () => {
  it('start says in one line what runs and where', () => {
    assertGolden('live/start', transcript({ ...runtime.seen, code: null }, names))
  })

  it('create', async () => {
    await goldenInTurn(
      'live/create',
      ['create', 'order/o-1', '{"customer":"ann","amount":12}', '--id', 'birth-1'],
      ['create', 'order/o-2', '{"customer":"bob","amount":30}', '--id', 'birth-2', '--json'],
      ['create', 'order/o-1', '{"customer":"eve","amount":99}', '--id', 'birth-3'],
    )
    for (const key of ['o-3', 'o-4', 'o-5'])
      await run('create', `order/${key}`, '{"customer":"cid","amount":7}')
  })

  it('send', async () => {
    const [, , , , , broken] = await goldenInTurn(
      'live/send',
      ['send', 'order/o-1', 'APPROVE', '{"by":"ann"}', '--id', 'yes-1'],
      ['send', 'order/o-1', 'APPROVE', '{"by":"ann"}', '--id', 'yes-1', '--json'],
      ['send', 'order/o-1', 'APPROVE', '{"by":"eve"}', '--id', 'yes-1'],
      ['send', 'order/o-5', 'CANCEL', '--delay', '2d', '--id', 'later-5'],
      ['send', 'cart/c 1', 'add', '{"item":"tea"}', '--id', 'add-1'],
      ['send', 'order/o-4', 'BREAK', '--id', 'break-4'],
      ['send', 'order/o-1', 'NOPE', '--id', 'nope-1'],
      ['send', 'order/o-1', 'NOPE', '--id', 'nope-1', '--json'],
      ['send', 'order/none', 'CANCEL'],
      ['send', 'parcel/p-1', 'PACKED'],
      ['send', 'order/o-6', 'CANCEL', '--start', '{"customer":"dan","amount":1}', '--id', 'both-6', '--json'],
    )
    assert.equal(broken?.code, 1)
  })

  it('ask', async () => {
    await goldenInTurn(
      'live/ask',
      ['ask', 'order/o-2', 'APPROVE', '{"by":"ann"}', '--until', 'packing', '--id', 'yes-2'],
      ['ask', 'order/o-1', 'CANCEL', '--id', 'no-1'],
      ['ask', 'order/o-1', 'CANCEL', '--id', 'no-1', '--json'],
      ['ask', 'order/o-3', 'PACK', '--until', '#sent', '--timeout', '50ms', '--id', 'pack-3'],
      ['ask', 'order/o-2/parcel', 'PACKED', '--until', 'done', '--id', 'packed-2', '--json'],
    )
  })

  shows('terminate', () =>
    goldenInTurn(
      'live/terminate',
      ['terminate', 'order/o-3', 'made by mistake'],
      ['terminate', 'cart/none', 'never was', '--json'],
    ),
  )

  it('quarantine, list, get, release', async () => {
    await goldenInTurn(
      'live/quarantine',
      ['quarantine', 'order/o-1', 'differs at entry 3'],
      ['list', 'order', '--quarantined'],
      ['list', '--quarantined', '--json'],
      ['get', 'order/o-1'],
      ['ask', 'order/o-1', 'APPROVE'],
      ['release', 'order/o-1', '--json'],
      ['list', '--quarantined', '--count'],
      ['quarantine', 'order/none', 'never was'],
    )
  })

  it('dead list, show, retry and drop', async () => {
    const [first = ''] = await letters()
    names[first] = 'letter-1'
    await golden('live/dead-list', ['dead', 'list'], ['dead', 'list', '--json'])
    await golden(
      'live/dead-show',
      ['dead', 'show', first],
      ['dead', 'show', first, '--json'],
      ['dead', 'show', 'none'],
    )
    const retried = await run('dead', 'retry', first)
    const [second = ''] = await letters()
    assert.notEqual(second, first, 'it failed again, as a new letter')
    names[second] = 'letter-2'
    assertGolden('live/dead-retry', transcript(retried, names))
    await run('send', 'order/o-4', 'BREAK', '--id', 'break-4b')
    await goldenInTurn(
      'live/dead-drop',
      ['dead', 'drop', second, '--reason', 'known'],
      ['dead', 'drop', second, '--json'],
    )
    const [third = ''] = await letters()
    names[third] = 'letter-3'
  })
})

describe('against a running runtime, what looks at them', () => {
  shows('get', () =>
    golden(
      'live/get',
      ['get', 'order/o-1'],
      ['get', 'order/o-1', '--json'],
      ['get', 'order/o-2', '--at', '2'],
      ['get', 'order/o-1/parcel', '--json'],
      ['get', 'cart/c 1'],
      ['get', 'order/none'],
      ['get', 'nonsense/n-1'],
    ),
  )

  shows('list', () =>
    golden(
      'live/list',
      ['list'],
      ['list', '--json'],
      ['list', 'order', '--in', 'approval', '--tag', 'waiting'],
      ['list', 'order', '--status', 'done', '--json'],
      ['list', 'order', '--version', '1', '--limit', '2'],
      ['list', 'order', '--count'],
      ['list', '--idle', '1h', '--count', '--json'],
      ['list', 'nonsense'],
    ),
  )

  shows('history', () =>
    golden(
      'live/history',
      ['history', 'order/o-2'],
      ['history', 'order/o-2', '--json', '--after', '1', '--limit', '1'],
      ['history', 'order/o-4'],
      ['history', 'order/none'],
    ),
  )

  shows('stats', () => golden('live/stats', ['stats'], ['stats', '--json']))

  shows('export', () =>
    golden(
      'live/export',
      ['export', 'order/o-2'],
      ['export', 'cart'],
      ['export', 'order/none'],
      ['export', 'order/o-2', '--format', 'audit'],
      ['export', 'order/none', '--format', 'audit'],
      ['export', shop, '--type', 'order'],
      ['export', 'order', '--actors', shop, '--format', 'stately'],
      ['export', shop, '--format', 'mermaid'],
      ['export', 'order/o-1', '--format', 'mermaid'],
    ),
  )

  shows('verify', () =>
    golden('live/verify', ['verify', data, '--actors', shop], ['verify', data, '--actors', shop, '--json']),
  )

  shows('backup', () =>
    goldenInTurn(
      'live/backup',
      ['backup', join(directory, 'backup-1')],
      ['backup', join(directory, 'backup-2'), '--json'],
      ['backup', join(directory, 'backup-1')],
    ),
  )
})

describe('against a running runtime, what goes on', () => {
  it('watch, history --follow and ask go on until interrupted', async () => {
    const watches = [
      ['watch', 'order/o-6', 'order/w-1'],
      ['watch', 'order/w-1', '--json'],
      ['history', 'order/w-1', '-f'],
    ]
    const started = watches.map(args => new Running(data, args))
    await started[0]!.printed(/o-6 {2}\d/)
    await run('create', 'order/w-1', '{"customer":"wim","amount":5}', '--id', 'birth-w')
    await run('ask', 'order/w-1', 'CANCEL', '--id', 'no-w')
    await started[0]!.printed(/w-1 {2}2 /)
    await started[1]!.printed(/"seq":2/)
    await started[2]!.printed(/CANCEL/)
    started.push(new Running(data, ['ask', 'order/w-1', 'NOPE', '--until', 'never', '--id', 'wait-w']))
    await started[0]!.printed(/w-1 {2}3 /)
    await started[1]!.printed(/"seq":3/)
    await started[2]!.printed(/NOPE/)
    const seen = await Promise.all(started.map(one => one.stop('SIGINT')))
    assert.deepEqual(
      seen.map(({ code }) => code),
      [130, 130, 130, 130],
    )
    assertGolden('live/watch', seen.map(one => transcript(one, names)).join('\n'))
  })

  it('start serves HTTP, metrics and the inspector where it said', async () => {
    const url = /HTTP at (\S+?),/.exec(runtime.seen.stdout)?.[1]
    const metrics = await (await fetch(`${url}/metrics`)).text()
    assert.match(metrics, /^perdure_\w+/m)
    const inspector = /inspector at (\S+?),/.exec(runtime.seen.stdout)?.[1] ?? ''
    assert.equal((await fetch(inspector)).status, 200)
    assert.equal((await fetch(`${url}/actors/order/o-1`)).status, 200)
  })

  it('start stops in good order on SIGTERM', async () => {
    const { code, stderr } = await runtime.stop('SIGTERM')
    assert.deepEqual([code, stderr], [0, ''])
  })
})

describe('against a stopped runtime', () => {
  shows('get', () =>
    golden(
      'rest/get',
      ['get', 'order/o-1'],
      ['get', 'order/o-1', '--json'],
      ['get', 'order/o-2', '--at', '2'],
      ['get', 'order/o-2', '--at', '2', '--actors', shop],
      ['get', 'order/o-2', '--at', '2', '--actors', shop, '--json'],
      ['get', 'order/o-1/parcel', '--json'],
      ['get', 'cart/c 1'],
      ['get', 'order/none'],
    ),
  )

  shows('list', () =>
    golden(
      'rest/list',
      ['list'],
      ['list', '--json'],
      ['list', 'order', '--in', 'approval', '--tag', 'waiting'],
      ['list', 'order', '--status', 'done', '--json'],
      ['list', 'order', '--count'],
      ['list', 'nonsense', '--json'],
    ),
  )

  shows('history', () =>
    golden(
      'rest/history',
      ['history', 'order/o-2'],
      ['history', 'order/o-2', '--json', '--after', '1', '--limit', '1'],
      ['history', 'order/none'],
      ['history', 'order/o-2', '--follow', '--after', '3'],
    ),
  )

  shows('stats', () => golden('rest/stats', ['stats'], ['stats', '--json']))
  shows('export', () =>
    golden(
      'rest/export',
      ['export', 'order/o-2'],
      ['export', 'cart'],
      ['export', 'order/o-2', '--format', 'audit'],
      ['export', 'order/o-2', '--format', 'audit', '--actors', shop],
      ['export', 'nonsense', '--format', 'audit'],
    ),
  )

  it('dead list and show', async () => {
    const [letter = ''] = await letters()
    await golden('rest/dead', ['dead', 'list'], ['dead', 'list', '--json'], ['dead', 'show', letter])
  })

  shows('verify', () =>
    golden('rest/verify', ['verify', data, '--actors', shop], ['verify', data, '--actors', shop, '--json']),
  )

  shows('backup and restore', () =>
    goldenInTurn(
      'rest/backup',
      ['backup', join(directory, 'backup-3')],
      ['backup', join(directory, 'backup-4'), '--json'],
      ['restore', join(directory, 'backup-3'), join(directory, 'restored-3')],
      ['restore', join(directory, 'backup-1'), join(directory, 'restored-1'), '--json'],
      ['restore', join(directory, 'backup-3'), data],
      ['restore', join(directory, 'nowhere'), join(directory, 'restored-2')],
      ['get', 'order/o-1', '--path', join(directory, 'restored-3'), '--json'],
    ),
  )
})

describe('against a stopped runtime, what is refused', () => {
  it('says what takes a running runtime, and how to start one', async () => {
    const seen = await golden(
      'rest/refused',
      ['create', 'order/o-9', '{"customer":"x","amount":1}'],
      ['send', 'order/o-1', 'CANCEL'],
      ['ask', 'order/o-1', 'CANCEL', '--json'],
      ['terminate', 'order/o-1', 'why not'],
      ['watch', 'order/o-1'],
      ['dead', 'retry', 'any'],
      ['dead', 'drop', 'any'],
    )
    assert.deepEqual(
      seen.map(({ code }) => code),
      Array(7).fill(3),
    )
  })

  it('says what is wrong with what it was given', async () => {
    const seen = await golden(
      'rest/bad-input',
      ['get', 'order'],
      ['get', 'order/o-1/'],
      ['send', 'order/o-1', 'APPROVE', '{by:ann}'],
      ['send', 'order/o-1', 'APPROVE', '[1]'],
      ['send', 'order/o-1', 'APPROVE', '{"type":"X"}'],
      ['send', 'order/o-1', 'APPROVE', '--delay', '10 minutes'],
      ['list', '--limit', 'many'],
      ['list', '--limit', 'many', '--json'],
      ['list', '--status', 'asleep'],
      ['list', '--path', join(directory, 'nowhere')],
      ['start', join(directory, 'no.js')],
      ['start', shop, '--http', '99999'],
      ['start', shop, '--inspect', 'order/o-1/parcel'],
      ['export', shop, '--format', 'ndjson'],
      ['export', shop, '--type', 'nonsense'],
      ['lst'],
    )
    assert.deepEqual(
      seen.map(({ code }) => code),
      Array(16).fill(2),
    )
  })
})

describe('against a runtime whose code was mended', () => {
  it('dead retry hands the letter in, and it is gone', async () => {
    process.env.SHOP_IS_MENDED = 'yes'
    runtime = new Running(data, ['start', shop])
    await runtime.printed(/\n/)
    const [letter = ''] = await letters()
    await goldenInTurn(
      'live/dead-retry-mended',
      ['dead', 'retry', letter, '--json'],
      ['dead', 'retry', letter],
      ['dead', 'list'],
      ['dead', 'list', '--json'],
      ['history', 'order/o-4', '--after', '4'],
    )
    assert.equal((await runtime.stop('SIGINT')).code, 0)
  })
})
