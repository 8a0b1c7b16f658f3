/** Commits put together from messages, every link of their chain looked at. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { LogMismatchError } from '../../../actors/errors.js'
import { CommitAssembly, type ReadCommit } from '../../../cluster/log/commit-assembly.js'
import type { StoredLogMessage } from '../../../cluster/log/log-message.js'
import { commitsOf, form } from '../../support/cluster-log.js'

/** Messages of commits with so many chunks each, with messages of other shards between; 0: a claim. */
function messagesOf(chunkCounts: readonly number[], gaps: readonly number[]): StoredLogMessage[] {
  const next = commitsOf('order/o-1')
  const messages: StoredLogMessage[] = []
  let sequence = 0
  chunkCounts.forEach((count, commit) => {
    const follows = messages.at(-1)?.sequence ?? 0
    const bytes = form.writer().pack(next())
    const chunks = Math.max(1, count)
    const size = Math.ceil(bytes.length / chunks)
    sequence += gaps[commit] ?? 0
    for (let chunk = 1; chunk <= chunks; chunk++)
      messages.push({
        sequence: ++sequence,
        subject: 'perdure.j.1.3.commit',
        incarnation: 1,
        shard: 3,
        commitId: `c${commit}`,
        kind: count === 0 ? 'claim' : 'commit',
        epoch: 1,
        member: 'm1',
        chunk,
        chunks,
        follows: chunk === 1 ? follows : undefined,
        body: count === 0 ? Buffer.alloc(0) : bytes.subarray((chunk - 1) * size, chunk * size),
      })
  })
  return messages
}

const assembly = (): CommitAssembly => new CommitAssembly(form, { stream: 'PERDURE_JOURNAL', shard: 3 })

function readAll(into: CommitAssembly, messages: readonly StoredLogMessage[]): ReadCommit[] {
  return messages.flatMap(message => into.add(message) ?? [])
}

const chunkCounts = fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 2, maxLength: 8 })
const gaps = fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 8 })

test('what was cut in chunks comes out whole, and from any commit on the rest', () => {
  fc.assert(
    fc.property(chunkCounts, gaps, fc.nat(), (counts, between, pick) => {
      const messages = messagesOf(counts, between)
      const all = readAll(assembly(), messages)
      assert.equal(all.length, counts.length)
      const next = commitsOf('order/o-1')
      for (const { kind, commit } of all) {
        const expected = next()
        if (kind === 'commit') assert.deepEqual(commit?.entries, expected.entries)
      }
      const firsts = messages.filter(({ chunk }) => chunk === 1)
      const from = pick % firsts.length
      const later = assembly()
      later.startAfter(firsts[from])
      const rest = messages.filter(({ sequence }) => sequence > later.sequence)
      assert.deepEqual(
        readAll(later, rest).map(({ at }) => at),
        all.slice(from + 1).map(({ at }) => at),
      )
    }),
  )
})

test('a message left out is found, whichever it was', () => {
  fc.assert(
    fc.property(chunkCounts, gaps, fc.nat(), (counts, between, pick) => {
      const messages = messagesOf(counts, between)
      const missing = pick % (messages.length - 1)
      assert.throws(() => {
        readAll(assembly(), messages.toSpliced(missing, 1))
      }, LogMismatchError)
    }),
  )
})

test('a new life of the log begins anew, an older one is refused', () => {
  const [first, second] = messagesOf([0, 0], [])
  const reborn = { ...second!, incarnation: 2, subject: 'perdure.j.2.3.commit', follows: 0 }
  const into = assembly()
  assert.equal(readAll(into, [first!, reborn])[1]?.at.incarnation, 2)
  assert.throws(
    () => into.add({ ...second!, sequence: 9, follows: 2 }),
    (error: unknown) => error instanceof LogMismatchError && error.kind === 'another stream',
  )
})

test('a log that was purged up to a commit is read from there when that is asked for, and then without a gap', () => {
  fc.assert(
    fc.property(chunkCounts, gaps, fc.nat(7), (counts, gaps, nth) => {
      const first = nth % counts.length
      const messages = messagesOf(counts, gaps)
      const numberOf = ({ commitId }: StoredLogMessage) => Number(commitId.slice(1))
      const left = messages.filter(one => numberOf(one) >= first)
      const reading = () => {
        const anywhere = assembly()
        anywhere.startAnywhere()
        return anywhere
      }
      assert.equal(readAll(reading(), left).length, counts.length - first)
      if (first > 0) assert.throws(() => readAll(assembly(), left), LogMismatchError)
      const gap = left.filter(one => numberOf(one) !== first + 1)
      if (first + 2 < counts.length) assert.throws(() => readAll(reading(), gap), LogMismatchError)
    }),
  )
})
