/**
 * `perdure demo` and `perdure verify` as a person or a script meets them: arguments, output, exit codes.
 */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { order, riskProfileActor } from '../support/edited-orders.js'

const main = fileURLToPath(new URL('../../runtime/cli/main.js', import.meta.url))
const editedOrders = fileURLToPath(new URL('../support/edited-orders.js', import.meta.url))
const directory = mkdtempSync(join(tmpdir(), 'perdure-cli-'))
after(() => rmSync(directory, { recursive: true }))

function perdure(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], { encoding: 'utf8' })
  return { status, stdout, stderr, lastLine: stdout.trimEnd().split('\n').at(-1) ?? '' }
}

describe('perdure demo', () => {
  it('ends with a table, keeps its files where it was told, and they verify', () => {
    const path = join(directory, 'kept')
    const demo = perdure('demo', '--orders', '40', '--kill', '2', '--path', path, '--json')
    assert.equal(demo.status, 0, demo.stdout + demo.stderr)
    assert.match(demo.stdout, /acknowledged commands lost +│ +0 │/)
    assert.match(demo.stdout, /runtime killed \(kill -9\) +│ +2 times │/)
    assert.ok(!demo.stdout.includes('\u001b'), 'colours in a log file')
    const json = JSON.parse(demo.lastLine)
    assert.deepEqual([json.orders, json.lost, json.duplicateCharges], [40, 0, 0])

    const verified = perdure('verify', path)
    assert.equal(verified.status, 0, verified.stdout + verified.stderr)
    assert.match(verified.lastLine, /^\d+ actors, \d+ entries, \d+ digests compared: 0 differences$/)

    // The same journal, folded by an order machine that was edited under the same version.
    const edited = perdure('verify', path, '--actors', editedOrders)
    assert.equal(edited.status, 1, edited.stdout + edited.stderr)
    const differing = (type: string) =>
      new RegExp(
        `^${type}/\\S+ differs at entry \\d+ \\(agreed until \\d+\\): it leads to state (.*)$`,
        'm',
      ).exec(edited.stdout)?.[1]
    assert.match(differing(order.type) ?? '', /^as it was now, and led to .*charging/)
    assert.equal(differing(riskProfileActor.type), undefined, 'only what was edited differs')
    const nothing = perdure('verify', path, '--actors', main.replace('cli/main.js', 'index.js'))
    assert.equal(nothing.status, 2)
    assert.match(nothing.stderr, /exports nothing that defineActor returned/)
  })

  it('takes orders from a file and says which disagree with the table beside it', () => {
    const input = join(directory, 'few.ndjson')
    const purchase = { customer: 'c', items: [], payments: [{ seq: 1, type: 'boleto', value: 9 }] }
    const records = [
      { ts: '2020-01-01 10:00:00', order_id: 'o-1', type: 'PURCHASED', ...purchase },
      { ts: '2020-01-02 10:00:00', order_id: 'o-1', type: 'PAYMENT_APPROVED' },
      { ts: '2020-01-20 00:00:00', order_id: 'o-1', type: 'ESTIMATED_DELIVERY_DEADLINE' },
    ]
    writeFileSync(input, records.map(record => `${JSON.stringify(record)}\n`).join(''))
    const header = 'order_id,order_status,order_approved_at'
    writeFileSync(join(directory, 'orders.csv'), `${header}\no-1,processing,2020-01-02 10:00:00\n`)
    assert.equal(perdure('demo', '--input', input).status, 0)
    writeFileSync(join(directory, 'orders.csv'), `${header}\no-1,delivered,2020-01-02 10:00:00\n`)
    const differing = perdure('demo', '--input', input)
    assert.equal(differing.status, 1)
    assert.match(differing.stdout, /o-1 is 'delivered': expected delivered, found awaiting carrier, overdue/)
  })

  it('says in one line what is wrong with its input', () => {
    const input = join(directory, 'bad.ndjson')
    writeFileSync(input, '{"ts":"2020-01-01 10:00:00","order_id":"o-1","type":"DELIVERED"}\nnonsense\n')
    const bad = perdure('demo', '--input', input)
    assert.equal(bad.status, 2)
    assert.equal(bad.stderr, `perdure: ${input}:2: expected a JSON object, found nonsense\n`)
    const missing = perdure('demo', '--input', join(directory, 'nowhere'))
    assert.equal(missing.status, 2)
    assert.match(missing.stderr, /^perdure: ENOENT.*nowhere'\n$/)
    assert.equal(
      perdure('demo', '--input', directory).stderr,
      `perdure: ${directory}: expected a file of records, found a directory\n`,
    )
  })

  it('leaves nothing behind when it is interrupted', async () => {
    const temporary = join(directory, 'tmp')
    mkdirSync(temporary)
    const demo = spawn(process.execPath, [main, 'demo', '--orders', '100000', '--kill', '50'], {
      env: { ...process.env, TMPDIR: temporary },
    })
    const complaint = demo.stderr.setEncoding('utf8').toArray()
    await once(demo.stdout, 'data')
    assert.equal(readdirSync(temporary).length, 1)
    demo.kill('SIGINT')
    const [code] = await once(demo, 'exit')
    assert.equal(code, 130)
    assert.equal((await complaint).join(''), 'perdure: interrupted\n')
    assert.deepEqual(readdirSync(temporary), [])
  })

  it('does not touch a directory with something in it', () => {
    const taken = perdure('demo', '--orders', '1', '--path', directory)
    assert.equal(taken.status, 2)
    assert.match(taken.stderr, /expected a new or empty directory, found/)
    assert.ok(!existsSync(join(directory, 'journal')))
  })
})

describe('perdure', () => {
  it('knows its version and its commands', () => {
    assert.match(perdure('--version').stdout, /^\d+\.\d+\.\d+\n$/)
    assert.match(perdure('--help').stdout, /demo .*\n(.*\n)* +verify /)
  })

  it('takes a wrong argument for neither an answer nor a fault', () => {
    const wrong = [['demo', '--orders', 'many'], ['demo', '--kil'], ['verify'], ['verfy'], []]
    for (const args of wrong) {
      const { status, stdout, stderr } = perdure(...args)
      assert.deepEqual([status, stdout], [2, ''], args.join(' '))
      assert.match(stderr, /^(error|Usage): /)
    }
    for (const args of [['--help'], ['help', 'demo'], ['verify', '--help']])
      assert.equal(perdure(...args).status, 0, args.join(' '))
  })

  it('verify says in one line that there is no such module', () => {
    const { status, stderr } = perdure('verify', directory, '--actors', join(directory, 'no.js'))
    assert.equal(status, 2)
    assert.match(stderr, /^perdure: .*no\.js cannot be loaded: .*\n$/)
  })

  it('verify says what is not a journal', () => {
    const nothing = perdure('verify', join(directory, 'nowhere'))
    assert.equal(nothing.status, 2)
    assert.match(nothing.stderr, /^perdure: .*nowhere/)
  })
})
