/** Members that die or freeze: others take over within a term, and nobody owns what another does. */
import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import { type TestContext, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { limits } from '../../../actors/limits.js'
import { ChildProgram } from '../../support/child-program.js'
import {
  OwnersWorld,
  type OwnSample,
  reignsOf,
  type ShardOwner,
  until,
} from '../../support/cluster-member.js'

const PROGRAM = new URL('../../support/member-child.js', import.meta.url)
const SHARDS = 16

interface Child {
  readonly process: ChildProcess
  readonly samples: OwnSample[]
  readonly thaws: { readonly thawed: number; readonly isValid: boolean }[]
  owns(): number
  /** Why it may not own, as it last said. */
  reason(): string | undefined
}

/** Both own what they are meant to. */
const areSettled = ({ membership, owned }: ShardOwner, child: Child): boolean => {
  const meant = membership.wanted().own
  return child.owns() > 0 && child.owns() === SHARDS - meant.size && owned.length === meant.size
}

async function childFor(
  t: TestContext,
  world: OwnersWorld,
  id: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Child> {
  const setting = { id, cluster: { servers: world.server.url }, shards: SHARDS, foundedMs: Date.now() }
  const { process, output } = new ChildProgram(PROGRAM, [JSON.stringify(setting)], { env })
  t.after(() => process.kill('SIGKILL'))
  let reason: string | undefined
  const child: Child = {
    process,
    samples: [],
    thaws: [],
    reason: () => reason,
    owns: () => child.samples.at(-1)?.owned.length ?? 0,
  }
  output.on('line', line => {
    const said = JSON.parse(line) as { atNs?: string } & Record<string, unknown>
    if (said.atNs !== undefined)
      child.samples.push({ ...(said as unknown as OwnSample), atNs: BigInt(said.atNs) })
    reason = typeof said.reason === 'string' ? said.reason : undefined
    if (said.thawed !== undefined) child.thaws.push(said as unknown as Child['thaws'][number])
  })
  return child
}

test('a killed member: its shards are taken over within a term and a little', async t => {
  const world = await OwnersWorld.open(t, { shards: SHARDS })
  const a = await world.join('a')
  const tookMs: number[] = []
  let samples: OwnSample[] = []
  for (const id of ['b', 'c', 'd']) {
    const child = await childFor(t, world, id)
    await until(`${id} owns`, () => areSettled(a, child))
    child.process.kill('SIGKILL')
    const killed = performance.now()
    await until('a owns all', () => a.owned.length === SHARDS)
    tookMs.push(Math.round(performance.now() - killed))
    samples = [...samples, ...child.samples]
  }
  t.diagnostic(
    `kill -9 to all shards owned by the survivor: ${tookMs.join(', ')} ms (term ${limits.leaseMs} ms)`,
  )
  assert.ok(Math.max(...tookMs) <= limits.leaseMs + 500)
  reignsOf([...samples, ...world.samples])
})

test('a frozen member is not valid when it thaws, before anything else ran; then it lives again', async t => {
  const world = await OwnersWorld.open(t, { shards: SHARDS })
  const a = await world.join('a')
  const child = await childFor(t, world, 'b')
  await until('b owns', () => areSettled(a, child))
  child.process.kill('SIGSTOP')
  await until('a owns all', () => a.owned.length === SHARDS)
  child.process.kill('SIGCONT')
  await until('b owns again', () => areSettled(a, child))
  assert.deepEqual(
    child.thaws.map(one => one.isValid),
    [false],
  )
  child.process.kill('SIGKILL')
  reignsOf([...child.samples, ...world.samples])
})

test('a freeze shorter than a term costs nobody anything', async t => {
  const world = await OwnersWorld.open(t, { shards: SHARDS })
  const a = await world.join('a')
  const child = await childFor(t, world, 'b')
  await until('b owns', () => areSettled(a, child))
  const before = child.samples.at(-1)?.owned
  child.process.kill('SIGSTOP')
  await delay(limits.leaseMs / 2)
  child.process.kill('SIGCONT')
  await until('it thawed', () => child.thaws.length > 0)
  const count = child.samples.length
  await until('b goes on', () => child.samples.length > count + 20)
  assert.deepEqual(child.samples.at(-1)?.owned, before)
  child.process.kill('SIGKILL')
  reignsOf([...child.samples, ...world.samples])
})

for (const [word, offMs] of [
  ['ahead of', limits.clockSkewMsMax * 3],
  ['behind', limits.clockSkewMsMax * -3],
] as const)
  test(`a member whose clock is ${word} the servers' may not own, says why, and is meant for nothing`, async t => {
    const world = await OwnersWorld.open(t, { shards: SHARDS })
    const a = await world.join('a')
    const shift = `const now = Date.now; Date.now = () => now() + ${offMs}`
    const child = await childFor(t, world, 'b', {
      NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(shift)}`,
    })
    const isOff = (): boolean => a.membership.members().some(one => one.id === 'b' && one.skewed)
    await until('b says that its clock is off', isOff)
    await until('a owns all', () => a.owned.length === SHARDS && a.membership.wanted().own.size === SHARDS)
    await until('b knows why', () => child.reason() !== undefined)
    assert.match(
      child.reason() ?? '',
      /the clock of member b is -?[56]\d\d\d ms from the servers': at most 2000/,
    )
  })
