import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import Database from 'better-sqlite3'
import fc from 'fast-check'
import { assign, setup } from 'xstate'
import { QuarantinedError } from '../../actors/errors.js'
import { limits } from '../../actors/limits.js'
import { openJournal } from '../../journal/index.js'
import { createRuntime, defineActor } from '../../runtime/index.js'
import { Bindings } from '../../runtime/step/bindings.js'
import type { VirtualTimeRuntime } from '../../runtime/testing/test-runtime.js'
import { verifyJournal } from '../../runtime/verify.js'
import { runs } from '../support/effort.js'
import { pal, type RichEvent, rich } from '../support/engine-rich.js'
import { assertRefolds, engineWorld, historyOf } from '../support/engine-world.js'

type Deed =
  | { do: 'send'; key: string; event: RichEvent; id?: string; delayMs?: number }
  | { do: 'advance'; ms: number }
  | { do: 'crash' }
  | { do: 'terminate'; key: string }
  | { do: 'quarantine' | 'release'; address: string }

const keys = fc.constantFrom('a', 'b', 'c')
const ADDRESSES = ['rich/a', 'rich/b', 'rich/c', 'pal/p', 'pal/q']
const addresses = fc.constantFrom(...ADDRESSES)
const pals = fc.constantFrom('p', 'q', '')
const events: fc.Arbitrary<RichEvent> = fc.oneof(
  fc.record({ type: fc.constant('WORK' as const), fails: fc.nat(4) }),
  fc.record({ type: fc.constant('MANY' as const), items: fc.array(fc.nat(20), { maxLength: 6 }) }),
  fc.record({ type: fc.constant('ASK' as const), pal: pals }),
  fc.record({ type: fc.constant('TELL' as const), pal: fc.constantFrom('p', 'q'), times: fc.nat(5) }),
  fc.record({ type: fc.constant('RAISE' as const), kid: fc.constantFrom('k1', 'k2') }),
  fc.record({ type: fc.constant('LATER' as const), ms: fc.nat(1_000) }),
  fc.constantFrom<RichEvent>({ type: 'BACK' }, { type: 'BREAK' }, { type: 'TICK' }),
)
const deeds: fc.Arbitrary<Deed> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record(
      {
        do: fc.constant('send' as const),
        key: keys,
        event: events,
        id: fc.constantFrom('i1', 'i2', 'i3'),
        delayMs: fc.nat(500),
      },
      { requiredKeys: ['do', 'key', 'event'] },
    ),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('advance' as const), ms: fc.nat(800) }) },
  { weight: 3, arbitrary: fc.constant<Deed>({ do: 'crash' }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('terminate' as const), key: keys }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constantFrom('quarantine', 'release'), address: addresses }),
  },
)

async function perform(rt: VirtualTimeRuntime, deed: Deed): Promise<void> {
  switch (deed.do) {
    case 'send': {
      const { id, delayMs } = deed
      const options = { ...(id === undefined ? {} : { id }), ...(delayMs === undefined ? {} : { delayMs }) }
      // Refusals are part of it: a broken step, an id used before.
      await rt.actor(rich, deed.key).send(deed.event, options).catch(allowed)
      return
    }
    case 'advance':
      return rt.advance(deed.ms)
    case 'crash':
      return rt.crash()
    case 'terminate':
      await rt.actor(rich, deed.key).terminate('at random').catch(allowed)
      return
    case 'quarantine':
      await rt.engine.api.quarantine({ address: deed.address, reason: 'at random' }).catch(allowed)
      return
    case 'release':
      await rt.engine.api.release({ address: deed.address }).catch(allowed)
  }
}

function allowed(error: { code?: string }): void {
  if (error instanceof QuarantinedError) return
  assert.ok(['IdConflict', 'StepFailed', 'NotFound'].includes(error.code ?? ''), String(error))
}

test('a machine that answers from outside its state is caught, with actor and entry', async () => {
  let outside = 0
  const machine = setup({
    types: { context: {} as { n: number }, events: {} as { type: 'GO' } },
  }).createMachine({
    id: 'leaky',
    context: { n: 0 },
    on: { GO: { actions: assign({ n: ({ context }) => (context.n > 3 ? ++outside : context.n + 1) }) } },
  })
  const leaky = defineActor({ machine, version: '1', create: () => undefined })
  await using rt = await engineWorld([leaky], { digestEvery: 1 })
  for (const key of ['fine', 'wrong'])
    for (let n = 0; n < (key === 'fine' ? 3 : 8); n++) await rt.actor(leaky, key).send({ type: 'GO' })
  const { bindings, service, shard } = rt.engine
  const { differences, actors } = verifyJournal(shard.journal, bindings, service.limits)
  assert.equal(actors, 2)
  assert.deepEqual(
    differences.map(one => [one.actor, one.seq, one.agreedUntil]),
    [['leaky/wrong', 6, 5]],
  )
})

test('whatever is done to actors, and wherever they crash, their entries make them again', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(deeds, { minLength: 5, maxLength: 40 }),
      fc.constantFrom(1, 3, 512),
      async (plan, batchCommandsMax) => {
        await using rt = await engineWorld([rich, pal], { batchCommandsMax, digestEvery: 1 })
        for (const deed of plan) await perform(rt, deed)
        await rt.advance(0)
        assertRefolds(rt)
        await rt.crash()
        for (const address of ADDRESSES) await perform(rt, { do: 'release', address })
        await rt.advance(100_000)
        assertRefolds(rt)
        for (const key of ['a', 'b', 'c']) await assertSettled(rt, key)
      },
    ),
    { numRuns: runs(25) },
  )
})

/** Nothing is owed any more, numbers have no gap, and every state can be seen again. */
async function assertSettled(rt: VirtualTimeRuntime, key: string): Promise<void> {
  const handle = rt.actor(rich, key)
  const record = rt.engine.shard.journal.read(handle.id)?.record
  if (record === undefined) return
  const history = await historyOf(handle)
  assert.deepEqual(
    history.map(one => one.seq),
    Array.from({ length: record.seq }, (_, n) => n + 1),
  )
  assert.deepEqual(
    record.invocations.filter(one => one.tasks.some(task => task.state !== 'parked')),
    [],
  )
  assert.deepEqual(
    record.timers.filter(one => Number.isFinite(one.dueAt)),
    [],
  )
  const halfway = Math.ceil(record.seq / 2)
  assert.equal((await handle.getSnapshot({ atSeq: halfway }))?.seq, halfway)
}

test('a history that is gone and a record that is damaged are differences of those actors, not the end', async t => {
  const path = mkdtempSync(join(tmpdir(), 'perdure-verify-'))
  t.after(() => rmSync(path, { recursive: true, force: true }))
  const machine = setup({ types: { events: {} as { type: 'GO' } } }).createMachine({
    id: 'plain',
    on: { GO: {} },
  })
  const plain = defineActor({ machine, version: '1', create: () => undefined })
  const runtime = await createRuntime({ actors: [plain], path })
  for (const key of ['damaged', 'fine', 'gone']) await runtime.actor(plain, key).send({ type: 'GO' })
  await runtime.stop()
  const db = new Database(join(path, 'journal.db'))
  const of = "(SELECT no FROM actor WHERE address = 'plain/gone')"
  db.exec(`DELETE FROM page WHERE actor = ${of};
    UPDATE actor SET record = zeroblob(length(record)) WHERE address = 'plain/damaged'`)
  db.close()

  const journal = openJournal({ path, readOnly: true })
  t.after(() => journal.close())
  const { actors, differences } = verifyJournal(journal, new Bindings([plain]), limits)
  assert.equal(actors, 3)
  assert.deepEqual(
    differences.map(one => one.actor),
    ['plain/damaged', 'plain/gone'],
  )
  assert.match(differences[0]!.what, /checksum/)
  assert.match(differences[1]!.what, /none of the entries is kept that led to 2/)
})
