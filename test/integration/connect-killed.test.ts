/**
 * A runtime in a process of its own is killed and started again, or hangs, while a client in this one asks, waits
 * and follows: nothing is missed, nothing doubled.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { connect } from '../../runtime/index.js'
import { ChildProgram } from '../support/child-program.js'
import { counter } from '../support/control-child.js'
import { historyOf } from '../support/engine-world.js'

const PROGRAM = new URL('../support/control-child.js', import.meta.url)
const KILLS = 5
const SENDERS = 8
const SENDS = 60
const CROWD = 300

const start = (path: string): Promise<ChildProgram> => ChildProgram.start(PROGRAM, [path])

test(`a client lives through ${KILLS} kills of its runtime`, { timeout: 120_000 }, async () => {
  const path = mkdtempSync(join(tmpdir(), 'perdure-killed-'))
  let child = await start(path)
  const client = await connect({ actors: [counter], path })
  try {
    const c = client.actor(counter, 'c')
    const total = SENDERS * SENDS

    const followed: number[] = []
    let kills = 0
    let killing: Promise<void> | undefined
    const again = async () => {
      await child.end()
      child = await start(path)
      killing = undefined
    }
    const following = (async () => {
      for await (const { seq } of c.changes({ afterSeq: 0 })) {
        followed.push(seq)
        if (killing === undefined && kills < KILLS && seq > (kills + 1) * (total / (KILLS + 2))) {
          kills++
          killing = again()
        }
        if (seq === total + 1) return
      }
    })()
    const waiting = c.waitFor(s => s.context.n === total, { timeoutMs: 100_000 })

    const answers = await Promise.all(
      Array.from({ length: SENDERS }, async (_, sender) => {
        const seen: number[] = []
        for (let n = 0; n < SENDS; n++) {
          const { snapshot } = await c.ask({ type: 'ADD', n: 1 }, { id: `${sender}-${n}`, timeoutMs: 60_000 })
          seen.push(snapshot.seq)
        }
        return seen
      }),
    )
    assert.equal((await waiting).context.n, total)
    await following
    await killing

    assert.equal(kills, KILLS)
    const whole = Array.from({ length: total + 1 }, (_, n) => n + 1)
    assert.deepEqual(followed, whole, 'each state was followed once, in order')
    const answered = answers.flat().sort((a, b) => a - b)
    assert.deepEqual(answered, whole.slice(1), 'each ask was answered from an entry of its own')
    const ids = (await historyOf(c)).map(one => one.command.commandId)
    assert.equal(new Set(ids).size, ids.length, 'no id was applied twice')
    assert.equal((await c.getSnapshot())?.context.n, total)
  } finally {
    await client[Symbol.asyncDispose]()
    await child.end()
    rmSync(path, { recursive: true, force: true })
  }
})

for (const round of [1, 2, 3])
  test(`asks by the hundred to one actor are applied once over a kill, ${round}`, {
    timeout: 60_000,
  }, async () => {
    const path = mkdtempSync(join(tmpdir(), 'perdure-crowd-'))
    let child = await start(path)
    const client = await connect({ actors: [counter], path })
    try {
      const c = client.actor(counter, 'c')
      await c.send({ type: 'ADD', n: 0 })
      let answered = 0
      let again: Promise<void> | undefined
      const asks = Array.from({ length: CROWD }, async (_, n) => {
        await c.ask({ type: 'ADD', n: 1 }, { id: `b${n}`, timeoutMs: 50_000 })
        // Amid them: many are on their way, and more wait.
        if (++answered === 20 * round)
          again = child.end().then(async () => {
            child = await start(path)
          })
      })
      await Promise.all(asks)
      await again
      assert.ok(again !== undefined, 'it was killed')
      assert.equal((await c.getSnapshot())?.context.n, CROWD)
    } finally {
      await client[Symbol.asyncDispose]()
      await child.end()
      rmSync(path, { recursive: true, force: true })
    }
  })

test('a runtime that hangs is noticed; what was sent to it is applied once', {
  timeout: 60_000,
}, async () => {
  const path = mkdtempSync(join(tmpdir(), 'perdure-hung-'))
  const child = await start(path)
  const limits = { askTimeoutMs: 300, remoteReplyMsMax: 300, remoteAwayMsMax: 300 }
  const client = await connect({ actors: [counter], path, limits })
  try {
    const c = client.actor(counter, 'c')
    await c.send({ type: 'ADD', n: 1 })
    child.process.kill('SIGSTOP')
    await assert.rejects(c.send({ type: 'ADD', n: 1 }, { id: 'x' }), {
      code: 'Unavailable',
      retryable: true,
      message: /not answered for 600 ms.*same id/,
    })
    await assert.rejects(c.getSnapshot(), { code: 'Unavailable', retryable: true })
    child.process.kill('SIGCONT')
    const { snapshot } = await c.ask({ type: 'ADD', n: 1 }, { id: 'x', timeoutMs: 30_000 })
    assert.equal(snapshot.context.n, 2)
    assert.equal((await historyOf(c)).length, 3)
  } finally {
    await client[Symbol.asyncDispose]()
    await child.end()
    rmSync(path, { recursive: true, force: true })
  }
})
