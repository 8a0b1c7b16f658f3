/** The command line on a cluster: real members, real servers, what a person types. */
import assert from 'node:assert/strict'
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type NatsServer, startNatsServer } from '../../../runtime/demo/nats-server/start-server.js'
import { assertGolden } from '../../scenarios/cli/golden.js'

const cli = fileURLToPath(new URL('../../../runtime/cli/main.js', import.meta.url))
const definitions = new URL('../../support/http-world.js', import.meta.url).href

interface Said {
  readonly code: number
  readonly out: string
  readonly err: string
  /** Of --json: a value a line. */
  readonly lines: readonly Record<string, unknown>[]
}

let server: NatsServer
let directory: string
let env: NodeJS.ProcessEnv
const members: ChildProcess[] = []

function perdure(...args: string[]): Promise<Said> {
  return new Promise(resolve => {
    execFile(process.execPath, [cli, ...args], { env, cwd: directory }, (error, out, err) => {
      const isJson = args.includes('--json')
      const lines =
        isJson && out !== ''
          ? out
              .trim()
              .split('\n')
              .map(line => JSON.parse(line))
          : []
      resolve({ code: Number(error?.code ?? 0), out, err, lines })
    })
  })
}

async function startMember(id: string, ...more: string[]): Promise<{ banner: string; member: ChildProcess }> {
  const args = ['start', './actors.mjs', '--path', id, '--member', id, '--shards', '4', ...more]
  const member = spawn(process.execPath, [cli, ...args], {
    env,
    cwd: directory,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  members.push(member)
  const [banner] = (await once(createInterface(member.stdout), 'line')) as [string]
  assert.match(
    banner,
    new RegExp(`runs parcel@2, strict@1 on .*${id}, cluster at ${server.url}.*, pid ${member.pid}`),
  )
  return { banner, member }
}

/** What was printed, without what is another each time: numbers, names of servers, the widths of columns. */
function shapeOf(text: string): string {
  return text
    .replaceAll(hostname(), 'HOST')
    .replace(/\bserver [A-Z0-9]{20,}/g, 'server NAME')
    .replace(/-?\d+([.,:TZ-]+\d+)*Z?/g, 'N')
    .replace(/(ahead of|behind) the servers'/g, "off the servers'")
    .replace(/ {2,}/g, '  ')
    .replace(/─+/g, '─')
}

/** Looked at again until every shard is taken up. */
async function settledShards(): Promise<Said> {
  for (let tries = 0; ; tries++) {
    const said = await perdure('shards', '--json')
    assert.equal(said.code, 0, said.err)
    if (said.lines.every(one => one.trouble === undefined)) return said
    assert.ok(tries < 60, said.out)
  }
}

/** Until each standby has all that its shard's owner has. */
async function untilLevel(): Promise<void> {
  for (let tries = 0; ; tries++) {
    const said = await perdure('shards', '--json')
    if (said.lines.every(one => one.lag === 0)) return
    assert.ok(tries < 60, said.out)
  }
}

before(async () => {
  server = await startNatsServer()
  directory = await mkdtemp(join(tmpdir(), 'perdure-cluster-cli-'))
  const { PERDURE_PATH: _, ...rest } = process.env
  env = { ...rest, NATS_URL: server.url }
  await writeFile(
    join(directory, 'actors.mjs'),
    `export { parcel, strict } from ${JSON.stringify(definitions)}\n`,
  )
})
after(async () => {
  for (const member of members) {
    if (member.exitCode !== null) continue
    member.kill('SIGTERM')
    await once(member, 'exit')
  }
  await server.stop()
  await rm(directory, { recursive: true })
})

test('a cluster that is not there is said not to be', async () => {
  const said = await perdure('members', '--json')
  assert.equal(said.code, 3)
  assert.match(said.err, /StreamMismatch.*PERDURE_COMMANDS/)
  env = { ...env, NATS_URL: 'nats://127.0.0.1:1' }
  const away = await perdure('shards')
  assert.deepEqual([away.code, away.out], [3, ''])
  assert.match(away.err, /nats:\/\/127\.0\.0\.1:1/)
  env = { ...env, NATS_URL: server.url }
})

test('members share actors, commands find them, and a drained one has none', async () => {
  const { banner } = await startMember('a1', '--http', '0', '--metrics', '--stately', '0')
  await startMember('a2')
  const rows = await settledShards()
  assert.deepEqual(
    rows.lines.map(one => one.shard),
    [0, 1, 2, 3],
  )
  const listed = await perdure('members', '--json')
  assert.deepEqual(
    listed.lines.map(one => [one.id, one.draining]),
    [
      ['a1', false],
      ['a2', false],
    ],
  )
  const owned = listed.lines.flatMap(one => one.owns as number[])
  assert.deepEqual(owned.sort(), [0, 1, 2, 3])
  for (let n = 0; n < 6; n++) {
    const asked = await perdure('ask', `strict/k-${n}`, 'ADD', '{"n":2}', '--json')
    assert.equal(asked.code, 0, asked.err)
    assert.equal(asked.lines[0]?.durability, 'replicated')
  }
  assert.equal((await perdure('list', 'strict', '--count')).out.trim(), '6')
  const [, http = '', inspector = ''] = /HTTP at (\S+), inspector at (\S+),/.exec(banner) ?? []
  assert.match(await (await fetch(`${http}/metrics`)).text(), /perdure_cluster_shards\{role="owner"\}/)
  assert.equal((await fetch(`${http}/readyz`)).status, 200)
  assert.equal((await fetch(inspector)).status, 200)
  await untilLevel()
  for (const command of ['members', 'shards', 'doctor'])
    assertGolden(`cluster/${command}`, shapeOf((await perdure(command)).out))
  const looked = await perdure('doctor', '--json', '--monitor', server.monitorUrl)
  assert.equal(looked.code, 0, looked.out)
  const verdicts = new Map(looked.lines.map(one => [one.about, one]))
  assert.equal(verdicts.get('digests')?.verdict, 'good', looked.out)
  const written = looked.lines.find(one => String(one.about).startsWith('writes to the disk of'))
  assert.deepEqual([written?.verdict, written?.found], ['poor', 'every 120 s: acknowledged before'])
  const drained = await perdure('drain', '--path', 'a2', '--json')
  assert.deepEqual(drained.lines, [{ member: 'a2', drained: true }], drained.err)
  const after = await settledShards()
  assert.deepEqual(
    after.lines.map(one => one.owner),
    ['a1', 'a1', 'a1', 'a1'],
  )
  const seen = await perdure('get', 'strict/k-3', '--json')
  assert.deepEqual(seen.lines[0]?.context, { n: 2 })
  assert.equal((await perdure('drain', 'nobody')).code, 1)
})

test('a doctor finds what is good, and what is bad once nobody runs the shards', async () => {
  const well = await perdure('doctor', '--json')
  assert.equal(well.code, 0, well.out + well.err)
  const verdicts = new Map(well.lines.map(one => [one.about, one.verdict]))
  assert.equal(verdicts.get('shards'), 'good')
  assert.equal(verdicts.get('journals'), 'good')
  assert.equal(verdicts.get('copies of the log'), 'poor', 'one server keeps one copy')
  assert.equal(verdicts.get('clock of member a1'), 'good')
  for (const member of members) {
    member.kill('SIGTERM')
    await once(member, 'exit')
  }
  const ill = await perdure('doctor', '--json')
  assert.equal(ill.code, 1)
  const bad = ill.lines.filter(one => one.verdict === 'bad').map(one => one.about)
  assert.deepEqual(bad, ['members', 'shards'])
  assert.match((await perdure('doctor')).out, /start one: 'perdure start <module> --nats/)
})

test('a directory that is named is meant, whatever servers the environment names', async () => {
  const said = await perdure('list', '--path', 'nowhere', '--json')
  assert.equal(said.code, 2)
  assert.match(said.err, /JournalMissing/)
  env = { ...env, NATS_URL: '' }
  const embedded = spawn(process.execPath, [cli, 'start', './actors.mjs', '--path', 'alone'], {
    env,
    cwd: directory,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(createInterface(embedded.stdout), 'line')
  embedded.kill('SIGTERM')
  await once(embedded, 'exit')
  const refused = await perdure('start', './actors.mjs', '--path', 'alone', '--nats', server.url)
  assert.equal(refused.code, 2)
  assert.match(refused.err, /holds the journal of an embedded runtime/)
})
