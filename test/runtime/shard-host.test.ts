/** The loop where the journal gives trouble: nobody is left waiting, and nothing ends that need not. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, suite, test } from 'node:test'
import Database from 'better-sqlite3'
import { assign, setup } from 'xstate'
import type { Command } from '../../actors/command.js'
import { SetupError } from '../../actors/errors.js'
import type { Answer, Delivery } from '../../actors/inbox.js'
import { limits } from '../../actors/limits.js'
import { MemoryJournal, openJournal } from '../../journal/index.js'
import { Followers } from '../../runtime/dispatch/followers.js'
import { EmbeddedRuntime } from '../../runtime/embedded/embedded-runtime.js'
import { createRuntime, defineActor, PerdureError } from '../../runtime/index.js'
import { ShardHost } from '../../runtime/shard-host.js'
import { Bindings } from '../../runtime/step/bindings.js'
import { SystemClock } from '../../runtime/system-clock.js'

const note = defineActor({
  version: '1',
  create: () => undefined,
  // So that every turn looks for what may be forgotten.
  retainMs: 3_600_000,
  machine: setup({
    types: { context: {} as { text: string }, events: {} as { type: 'WRITE'; text: string } },
  }).createMachine({
    id: 'note',
    context: { text: '' },
    on: { WRITE: { actions: assign({ text: ({ event }) => event.text }) } },
  }),
})

suite('a shard host', () => {
  let path: string
  const warnings: string[] = []
  const logger = { warn: (_: object, message: string) => warnings.push(message), error: () => {} }
  const failed = (error: Error) => assert.fail(error)

  beforeEach(() => {
    path = mkdtempSync(join(tmpdir(), 'perdure-host-'))
    warnings.length = 0
  })
  afterEach(() => rmSync(path, { recursive: true, force: true }))

  test('that cannot settle or forget for want of room goes on, and loses nothing', async () => {
    const bounds = { ...limits, settleAfterMs: 0, retentionSweepMs: 0 }
    let id = 0
    const runtime = new EmbeddedRuntime({
      actors: [note],
      clock: new SystemClock(),
      limits: bounds,
      logger,
      mintId: () => `id-${++id}`,
      openJournal: () =>
        openJournal({
          path,
          limits: bounds,
          bytesMax: 1_000_000,
          holder: { pid: 1, host: 'here', program: 'test', since: 0 },
        }),
      onFailed: failed,
    })
    const kept: string[] = []
    for (let n = 0; n < 500 && !warnings.includes('no room to settle the journal'); n++) {
      try {
        await runtime.actor(note, `k${n}`).send({ type: 'WRITE', text: `${n}`.repeat(2_000) })
        kept.push(`k${n}`)
      } catch (error) {
        assert.ok(error instanceof PerdureError && error.code === 'Unavailable' && error.retryable)
        assert.match(error.message, new RegExp(`^note/k${n}: the commit failed: no room`))
      }
      // A pause, in which it settles.
      await new Promise(resolve => setTimeout(resolve, 2))
    }
    assert.ok(warnings.includes('no room to settle the journal'))
    assert.ok(kept.length > 10)
    await runtime.stop()

    const roomy = await createRuntime({ actors: [note], path, logger })
    for (const key of kept) assert.ok(await roomy.actor(note, key).getSnapshot(), key)
    await roomy.actor(note, 'more').send({ type: 'WRITE', text: 'more' })
    await roomy.stop()
  })

  for (const wasKilled of [false, true])
    test(`that has no room loses nothing of what it is brought once${wasKilled ? ', with care' : ''}`, async () => {
      const bounds = { ...limits, batchCommandsMax: 4, journalFullRetryMs: 1, soloCommandsMax: 2 }
      const journal = new MemoryJournal()
      const settled: string[] = []
      const brought = Array.from({ length: 20 }, (_, n): Delivery => {
        const event = { type: 'WRITE', text: `${n}` }
        const command: Command = { kind: 'message', commandId: `${n}`, target: 'note/n', event }
        const settle = ({ ok }: Answer) => void settled.push(`${n} ${ok}`)
        return { command, bytes: 1, place: { inbox: 'commands', sequence: n + 1, hash: '' }, settle }
      })
      let appends = 0
      const host = new ShardHost({
        journal,
        log: {
          append: async commit => {
            // The room comes and goes.
            if (appends++ % 3 !== 2) throw new SetupError('JournalFull', 'no room')
            await journal.append(commit)
          },
        },
        inbox: {
          take: max => brought.splice(0, max),
          get size() {
            return brought.length
          },
          onArrival: () => {},
        },
        bindings: new Bindings([note]),
        clock: new SystemClock(),
        limits: bounds,
        logger: { warn: () => {}, error: () => {} },
        followers: new Followers(error => assert.fail(String(error))),
        onFailed: failed,
        wasKilled,
      })
      host.start()
      await host.whenIdle()
      while (!host.isIdle) await host.whenIdle()
      host.kill()
      const ids = journal.entries('note/n', 0, 1_000).map(({ command }) => command.commandId)
      const all = Array.from({ length: 20 }, (_, n) => `${n}`)
      assert.deepEqual(
        ids.filter(id => !id.endsWith('.start')),
        all,
      )
      assert.deepEqual(
        settled,
        all.map(n => `${n} true`),
      )
      assert.equal(journal.taken()[0]?.sequence, 20)
    })

  test('that cannot read an old entry answers a repeated command all the same', async () => {
    const before = await createRuntime({ actors: [note], path, logger })
    for (const text of ['one', 'two', 'three'])
      await before.actor(note, 'n').send({ type: 'WRITE', text }, { id: text })
    await before.stop()
    const db = new Database(join(path, 'journal.db'))
    db.exec('UPDATE segment_entries SET bytes = zeroblob(length(bytes)) WHERE number = 2')
    db.close()

    const runtime = await createRuntime({ actors: [note], path, logger, onFailed: failed })
    const again = runtime.actor(note, 'n').ask({ type: 'WRITE', text: 'two' }, { id: 'two' })
    const other = runtime.actor(note, 'other').ask({ type: 'WRITE', text: 'new' })
    assert.deepEqual([(await again).duplicate, (await again).snapshot.context.text], [true, 'three'])
    assert.equal((await other).snapshot.context.text, 'new')
    assert.deepEqual(warnings, ['a repeated command is answered with the present state'])
    await runtime.stop()
  })

  test('that steps with care after a kill answers everyone who sends one id at once', async () => {
    await (await createRuntime({ actors: [note], path, logger })).stop()
    // What a killed holder leaves behind.
    writeFileSync(join(path, 'holder.json'), '{}')
    const runtime = await createRuntime({ actors: [note], path, logger })
    const n = runtime.actor(note, 'n')
    const click = () => n.send({ type: 'WRITE', text: 'once' }, { id: 'click' })
    const receipts = await Promise.all([click(), click(), click()])
    assert.deepEqual(
      receipts.map(one => one.duplicate),
      [false, true, true],
    )
    assert.equal(new Set(receipts.map(one => one.position)).size, 1)
    await runtime.stop()
  })
})
