/** A journal and the processes that want it: one at a time, and what a kill leaves. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { runs } from '../support/effort.js'
import { openForTest, temporaryDirectory, writers } from '../support/journal-files.js'
import { refusal } from '../support/journal-refusal.js'

const childProgram = fileURLToPath(new URL('../support/journal-child.js', import.meta.url))

let path = ''
let remove = () => {}
const children: ChildProcess[] = []

beforeEach(() => {
  const directory = temporaryDirectory()
  path = directory.path
  remove = directory.remove
})
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  remove()
})

for (const { name, ownThread } of writers)
  describe(`a journal that a process holds, ${name}`, () => {
    it('is refused to a second process, naming the first, until that is killed', async () => {
      const child = startChild('hold', ownThread)
      await child.line()
      const held = refusal('DirectoryHeld', new RegExp(`journal-child \\(process ${child.pid} on here`))
      assert.throws(() => openForTest(path, { ownThread }), held)
      // Asking did not loosen it.
      assert.throws(() => openForTest(path, { ownThread }), held)
      await child.kill()
      const journal = openForTest(path, { ownThread })
      assert.equal(journal.wasKilled, true)
      journal.close()
      const next = openForTest(path, { ownThread })
      assert.equal(next.wasKilled, false)
      next.close()
    })

    it('still says that its holder was killed when an opening failed in between', async () => {
      const child = startChild('append', ownThread)
      await child.line()
      await child.kill()
      rmSync(join(path, 'high-water'))
      assert.throws(() => openForTest(path, { ownThread }), refusal('JournalTruncated', /missing/))
      const journal = openForTest(path, { ownThread, acceptLoss: true })
      assert.equal(journal.wasKilled, true)
      journal.close()
    })
  })

for (const { name, ownThread } of writers)
  describe(`a process that is killed while it appends, ${name}`, () => {
    it('has every acknowledged commit there afterwards, and a whole journal', async () => {
      let reached = 0
      for (let round = 0; round < runs(6); round++) {
        const child = startChild('append', ownThread)
        let acknowledged = 0
        for (let lines = 0; lines < 20 + round * 13; lines++) acknowledged = Number(await child.line())
        for (const line of await child.kill()) acknowledged = Number(line)
        const journal = openForTest(path)
        assert.ok(journal.position >= acknowledged, `${journal.position} of ${acknowledged}`)
        assert.ok(acknowledged > reached)
        reached = journal.position
        assert.equal(journal.verifyChain(), reached)
        let entries = 0
        for (const { address, seq } of journal.list({ limit: 10_000 })) {
          assert.equal(journal.read(address)?.record.seq, seq)
          const history = journal.entries(address, 0, 10_000)
          assert.equal(history.length, seq)
          entries += history.length
        }
        assert.equal(entries, reached)
        journal.close()
      }
    })
  })

interface Child {
  readonly pid: number | undefined
  line(): Promise<string>
  /** Kills it at this instant; the lines it had still said. */
  kill(): Promise<string[]>
}

function startChild(job: 'hold' | 'append', ownThread = false): Child {
  const program = [childProgram, path, job, ownThread ? 'thread' : 'here']
  const child = spawn(process.execPath, program, { stdio: ['ignore', 'pipe', 'inherit'] })
  children.push(child)
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    pid: child.pid,
    async line() {
      const { value, done } = await lines.next()
      assert.ok(!done, `the child ended with code ${child.exitCode}`)
      return value
    },
    async kill() {
      const gone = once(child, 'exit')
      child.kill('SIGKILL')
      await gone
      const rest: string[] = []
      for (let next = await lines.next(); !next.done; next = await lines.next()) rest.push(next.value)
      return rest
    },
  }
}
