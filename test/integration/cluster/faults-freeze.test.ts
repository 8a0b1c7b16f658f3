/**
 * A member that stands still for longer than its lease, and goes on as if nothing had been: others have its shards by
 * then. For longer: PERDURE_FREEZE_MS=15000.
 */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { limits } from '../../../actors/limits.js'
import { freeze, thaw } from '../../support/faults/processes.js'
import type { Run } from '../../support/faults/till.js'
import type { TillMember } from '../../support/faults/till-member.js'
import type { TillProgram } from '../../support/faults/till-program.js'
import { TillWorld } from '../../support/faults/till-world.js'
import { serverFor } from '../../support/nats/nats-world.js'
import { until } from '../../support/until.js'

const FREEZE_MS = Number(process.env.PERDURE_FREEZE_MS ?? 6_000)
/** How long the member that trusts too much goes on before it hears of anything. */
const TRUSTS_MS = 15_000

/** What a member has begun and not ended. */
function inHandOf(runs: readonly Run[], member: string): Run[] {
  const own = runs.filter(run => run.member === member)
  const ended = new Set(own.filter(({ what }) => what === 'ended').map(({ key }) => key))
  return own.filter(({ key, what }) => what !== 'ended' && !ended.has(key))
}

async function frozenWorld(t: TestContext, first: Pick<TillProgram, 'trustsForMs'>) {
  const { url } = await serverFor(t)
  const servers = [url]
  const world = await TillWorld.open(t, {
    servers: [servers, servers, servers],
    clientServers: servers,
    first,
  })
  return { world, frozen: world.members[0] as TillMember }
}

/** Frozen while it prints and pays, and owns shards; thawed after others have long had them. */
async function frozenFor(t: TestContext, world: TillWorld, frozen: TillMember) {
  await until(() => (inHandOf(world.runs, frozen.id).some(({ work }) => work === 'print') ? true : undefined))
  await freeze(frozen.process)
  const at = performance.now()
  t.after(() => frozen.process.kill('SIGCONT'))
  const inHand = inHandOf(world.runs, frozen.id)
  const owned = frozen.owned
  const [takenOverMs, servedMs] = await Promise.all([
    world.takenOver(world.members.filter(member => member !== frozen)),
    world.load.served(),
  ])
  t.diagnostic(
    `frozen with ${owned.length} shards and ${inHand.length} works in hand: ` +
      `taken over after ${takenOverMs} ms, every till served after ${servedMs} ms`,
  )
  assert.ok(takenOverMs <= 3 * limits.leaseMs, `taken over after ${takenOverMs} ms`)
  await delay(Math.max(0, FREEZE_MS - (performance.now() - at)))
  await thaw(frozen.process)
  return { inHand, owned }
}

test('an owner frozen for longer than its lease: nothing it still does counts, and it is a member again', async t => {
  const { world, frozen } = await frozenWorld(t, {})
  const { inHand } = await frozenFor(t, world, frozen)
  const ownedAgainMs = await world.settled()
  const servedAgainMs = await world.load.served()
  t.diagnostic(
    `thawed after ${FREEZE_MS} ms: a member with a share again after ${ownedAgainMs} ms, then every till served within ${servedAgainMs} ms`,
  )
  t.diagnostic(
    `it lost: ${[...new Set(frozen.losses.map(({ name, message }) => `${name}: ${message}`))].join(' | ')}`,
  )
  const history = await world.checked()
  const prints = inHand.filter(({ work }) => work === 'print')
  for (const { key } of prints) {
    const of = history.entries.filter(
      ({ entry: { command } }) => command.kind === 'result' && keyed(command.token) === key,
    )
    assert.ok(
      of.every(({ member }) => member !== frozen.id),
      `${key}: what the frozen one brought was taken`,
    )
  }
})

test('an owner that trusts its lease wrongly after a freeze: the log refuses what it commits', async t => {
  const { world, frozen } = await frozenWorld(t, { trustsForMs: TRUSTS_MS })
  const { owned, inHand } = await frozenFor(t, world, frozen)
  await until(() => (frozen.losses.some(({ name }) => name === 'FencedError') ? true : undefined))
  await world.settled()
  await world.load.served()
  const fenced = frozen.losses.filter(({ name }) => name === 'FencedError')
  t.diagnostic(
    `${owned.length} shards, ${inHand.length} works in hand; ${fenced.length} fenced: ${fenced[0]?.message}`,
  )
  assert.ok(fenced.length > 0)
  await world.checked()
})

function keyed(token: { actor: string; incarnation: number; epoch: number; task: number }): string {
  return `${token.actor}:${token.incarnation}.${token.epoch}.${token.task}`
}
