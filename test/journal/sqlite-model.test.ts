/**
 * Random lives of a journal, against the one in memory as the model: whatever is committed, settled, closed,
 * crashed and opened again, both give the same answers.
 */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { Journal } from '../../actors/journal.js'
import {
  commitForm,
  MemoryJournal,
  openJournal,
  type SqliteJournal,
  type WriterOptions,
} from '../../journal/index.js'
import { isFull, runs } from '../support/effort.js'
import { assertAlike } from '../support/journal-alike.js'
import { type Applied, CommitMaker, T0 } from '../support/journal-commits.js'
import { copyJournal, openForTest, temporaryDirectory, writers } from '../support/journal-files.js'

const ADDRESSES = ['order/1', 'order/2', 'order/2/pay', 'stock/a%20b', 'stock/c', 'z/9']
const LOG = { stream: 'PERDURE_JOURNAL', shard: 3 }
const RUNS = runs(60)
/** Each opening starts one. */
const RUNS_WITH_THREAD = isFull ? RUNS : 3

type Step =
  | {
      readonly kind: 'commit'
      readonly applied: readonly Applied[]
      readonly dead: boolean
      /** Which of the letters there are this commit settles. */
      readonly settles: number | undefined
      readonly pending: boolean
    }
  | { readonly kind: 'settle' | 'close' | 'crash' }
  | { readonly kind: 'prune'; readonly address: string; readonly seq: number }
  | { readonly kind: 'forget'; readonly address: string }

const dueAt = fc.option(fc.integer({ min: T0, max: T0 + 5 }), { nil: undefined })
const applied: fc.Arbitrary<Applied> = fc
  .record({
    address: fc.constantFrom(...ADDRESSES),
    index: fc.record({
      value: fc.constantFrom('a', { a: 'b' }, { a: { b: 'c' }, d: 'e' }, undefined),
      tags: fc.subarray(['x', 'y']),
      timerDueAt: dueAt,
      retryDueAt: dueAt,
      owes: fc.boolean(),
    }),
    status: fc.constantFrom('active' as const, 'done' as const),
    at: fc.integer({ min: T0, max: T0 + 5 }),
    persistSnapshot: fc.boolean(),
    size: fc.constantFrom(0, 10, 9_000, 9_000, 9_000),
    edit: fc.record({ at: fc.nat(9_000), with: fc.uint8Array({ maxLength: 40 }) }),
  })
  .map(({ status, size, edit, ...rest }) => ({ ...rest, record: { status, state: edited(size, edit) } }))

/** Bytes that are the same for a size but in one place: what a commit may say of them is only what changed. */
function edited(size: number, edit: { readonly at: number; readonly with: Uint8Array }): Uint8Array {
  const same = Buffer.alloc(size, Array.from({ length: 500 }, (_, part) => `part ${part * size} `).join(''))
  return new Uint8Array(Buffer.concat([same.subarray(0, edit.at), edit.with, same.subarray(edit.at)]))
}

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('commit' as const),
      applied: fc.array(applied, { maxLength: 6 }),
      dead: fc.boolean(),
      settles: fc.option(fc.nat(5), { nil: undefined }),
      pending: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constantFrom('settle' as const, 'close' as const, 'crash' as const) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('prune' as const),
      address: fc.constantFrom(...ADDRESSES),
      seq: fc.integer({ min: 1, max: 12 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('forget' as const), address: fc.constantFrom(...ADDRESSES) }),
  },
)

describe('a SQLite journal and the model in memory', () => {
  for (const { name, ownThread } of writers)
    it(`answer alike, through settling, pruning, closing and crashes, ${name}`, async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(step, { minLength: 1, maxLength: 25 }),
          fc.integer({ min: 1, max: 4 }),
          fc.boolean(),
          async (steps, unsettledSegmentsMax, isCopy) => {
            const directory = temporaryDirectory()
            try {
              const limits = { unsettledSegmentsMax, settleSliceEntriesMax: 2, walBytesMax: 100_000 }
              // A copy made while a thread writes is not what a crash leaves: that one is killed elsewhere.
              const lived = ownThread ? steps.filter(step => step.kind !== 'crash') : steps
              await live(directory.path, lived, { ownThread, limits }, isCopy)
            } finally {
              directory.remove()
            }
          },
        ),
        { numRuns: ownThread ? RUNS_WITH_THREAD : RUNS },
      )
    })
})

/** @param isCopy of a cluster's log: it is given what stands there, with large states as what changed of its own. */
async function live(
  path: string,
  steps: readonly Step[],
  options: Partial<WriterOptions>,
  isCopy: boolean,
): Promise<void> {
  const writer = commitForm.writer()
  const model = new MemoryJournal()
  const maker = new CommitMaker()
  let home = join(path, '0')
  let journal = openForTest(home, options)
  for (const [index, step] of steps.entries()) {
    switch (step.kind) {
      case 'commit': {
        const commit = commitOf(maker, step, model)
        const bytes = isCopy ? writer.pack(commit, address => model.stateOf(address)) : undefined
        const logged = bytes && commitForm.unpack(bytes)
        await model.append(commit)
        await journal.append(logged?.whole(address => journal.stateOf(address), LOG) ?? commit)
        break
      }
      case 'prune':
        assert.equal(journal.prune(step.address, step.seq), model.prune(step.address, step.seq))
        break
      case 'forget':
        journal.forget(step.address)
        model.forget(step.address)
        break
      case 'settle':
        journal.settle()
        break
      case 'close':
        journal.close()
        journal = openForTest(home, options)
        break
      case 'crash': {
        const next = join(path, String(index + 1))
        copyJournal(home, next)
        journal.close()
        home = next
        journal = openForTest(home, options)
      }
    }
    assertAlike(journal, model, ADDRESSES)
    if (index % 5 === 0) assertReaderAlike(home, model)
  }
  assert.equal(journal.verifyChain(), model.position)
  journal.close()
}

function commitOf(maker: CommitMaker, step: Extract<Step, { kind: 'commit' }>, model: Journal) {
  const letter = model.deadLetters(undefined, 100)[step.settles ?? -1]
  const command = { kind: 'timer' as const, commandId: 't', target: 'order/1', timer: maker.position }
  return maker.make(step.applied, {
    pending: step.pending ? [command] : [],
    deadLetters: step.dead
      ? [{ position: maker.position + 1, at: T0, command, error: { name: 'E', message: 'm' } }]
      : [],
    settledLetters: letter === undefined ? [] : [{ id: letter.id, how: 'dropped', reason: 'r' }],
  })
}

function assertReaderAlike(path: string, model: Journal): void {
  const reader: SqliteJournal = openJournal({ path, readOnly: true })
  assertAlike(reader, model, ADDRESSES)
  reader.close()
}
