import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import type { Command } from '../../../actors/command.js'
import type { Commit } from '../../../actors/commit.js'
import { LogMismatchError } from '../../../actors/errors.js'
import { limits } from '../../../actors/limits.js'
import type { StatesBefore } from '../../../actors/logged-commit.js'
import { commitForm, MemoryJournal } from '../../../journal/index.js'
import { assertAlike } from '../../support/journal-alike.js'
import { type Applied, CommitMaker } from '../../support/journal-commits.js'

const LOG = { stream: 'PERDURE_JOURNAL', shard: 3 }
const there: Command = { kind: 'message', commandId: 's-1', target: 'stock/a', event: { type: 'TAKE' } }
const later: Command = { kind: 'message', commandId: 's-2', target: 'order/1', event: { type: 'AGAIN' } }
const nobody: StatesBefore = () => undefined

/** A state that is large, and differs from another by its mark alone. */
function large(mark: string, bytes = 100_000): Uint8Array {
  const state = new Uint8Array(bytes).map((_, at) => (at * at * 7 + (at >> 8)) % 251)
  state.set(Buffer.from(mark), bytes >> 1)
  return state
}

const noted = (address: string, state: Uint8Array, more: Partial<Applied> = {}): Applied => ({
  address,
  record: { state },
  ...more,
})

const of =
  (journal: MemoryJournal): StatesBefore =>
  address =>
    journal.stateOf(address)

suite('a commit as bytes', () => {
  for (const [name, cents] of [
    ['plain', 4_200],
    ['not plain', 4_200n],
  ] as const)
    test(`comes back with what it sent and how far it had read, ${name}`, async () => {
      const event = { type: 'PAY', cents }
      const commit: Commit = {
        ...new CommitMaker().make([{ address: 'order/1', event, persistSnapshot: true }], {
          pending: [later],
        }),
        sent: [{ ...there, event }],
        taken: [
          { inbox: 'commands', sequence: 7, hash: 'c7' },
          { inbox: 'sends', sequence: 2 ** 40, hash: 's9', index: 2 },
        ],
      }
      const found = commitForm.unpack(commitForm.writer().pack(commit)).whole(nobody, LOG)
      assert.deepEqual(found, commit)
      const [here, elsewhere] = [new MemoryJournal(), new MemoryJournal()]
      await here.append(commit)
      await elsewhere.append(found)
      assertAlike(elsewhere, here, ['order/1'])
      assert.deepEqual(elsewhere.taken(), here.taken())
    })

  test('comes back without what it has not', () => {
    const commit = new CommitMaker().make([{ address: 'order/1' }])
    const found = commitForm.unpack(commitForm.writer().pack(commit)).whole(nobody, LOG)
    assert.deepEqual(Object.keys(found).sort(), Object.keys(commit).sort())
  })
})

/** An owner that packs against its journal, and whoever reads that into another. */
class Pair {
  readonly maker = new CommitMaker()
  readonly owner = new MemoryJournal()
  readonly standby = new MemoryJournal()
  #writer = commitForm.writer()

  claim(): void {
    this.#writer = commitForm.writer()
  }

  /** Answers the bytes it took. */
  async commit(applied: readonly Applied[]): Promise<Buffer> {
    const commit = this.maker.make(applied)
    const bytes = this.#writer.pack(commit, of(this.owner))
    await this.owner.append(commit)
    const found = commitForm.unpack(bytes).whole(of(this.standby), LOG)
    assert.deepEqual(found, commit)
    await this.standby.append(found)
    return bytes
  }
}

suite('large states in the log', () => {
  test('are whole at first, and then what changed', async () => {
    const pair = new Pair()
    const lengths = []
    for (const mark of ['one', 'two', 'three'])
      lengths.push((await pair.commit([noted('order/1', large(mark))])).length)
    assert.ok(lengths[0]! > 100_000, `${lengths}`)
    assert.ok(Math.max(lengths[1]!, lengths[2]!) < 1_000, `${lengths}`)
  })

  test('are whole again after a claim, as a persisted snapshot, and once they have changed so many times', async () => {
    const pair = new Pair()
    let mark = 0
    const isWhole = async (more: Partial<Applied> = {}) =>
      (await pair.commit([noted('order/1', large(`${mark++}`), more)])).length > 100_000
    assert.deepEqual([await isWhole(), await isWhole(), await isWhole()], [true, false, false])
    assert.equal(await isWhole({ persistSnapshot: true }), true)
    assert.equal(await isWhole(), false)
    pair.claim()
    const seen = []
    for (let commits = 0; commits < limits.logPatchesMax + 2; commits++) seen.push(await isWhole())
    const patches = new Array<boolean>(limits.logPatchesMax).fill(false)
    assert.deepEqual(seen, [true, ...patches, true])
  })

  test('are whole again once what changed would come to more', async () => {
    const pair = new Pair()
    const lengths = []
    for (let commits = 0; commits < 12; commits++) {
      const state = large('', 30_000)
      // A third of it, another one each time.
      state.fill(commits + 1, 0, 10_000)
      lengths.push((await pair.commit([noted('order/1', state)])).length > 30_000)
    }
    assert.deepEqual(
      lengths.flatMap((isWhole, at) => (isWhole ? [at] : [])),
      [0, 4, 8],
    )
  })

  test('of an actor that ended are not what the next with its key is written against', async () => {
    const pair = new Pair()
    await pair.commit([noted('order/1', large('one'))])
    await pair.commit([{ address: 'order/1', record: { state: large('two'), status: 'done' } }])
    // Here it is forgotten by now, there it is not.
    pair.standby.forget('order/1')
    assert.ok((await pair.commit([noted('order/1', large('three'))])).length > 100_000)
  })

  test('what else a commit holds is read without the states before', async () => {
    const pair = new Pair()
    await pair.commit([noted('order/1', large('one'))])
    const { entries, first } = commitForm.unpack(await pair.commit([noted('order/1', large('two'))]))
    assert.deepEqual([first, entries.map(({ address, seq }) => [address, seq])], [2, [['order/1', 2]]])
  })

  test('are never made from another state than they were written against', async () => {
    const pair = new Pair()
    await pair.commit([noted('order/1', large('one'))])
    const patch = commitForm.unpack(await pair.commit([noted('order/1', large('two'))]))
    const refused = (before: StatesBefore, found: RegExp) =>
      assert.throws(
        () => patch.whole(before, LOG),
        (error: unknown) => {
          assert.ok(error instanceof LogMismatchError)
          assert.equal(error.kind, 'another state')
          const { address, position, ...facts } = error.details
          assert.deepEqual([address, position], ['order/1', 2])
          assert.match(`${facts.expected}`, /of order\/1 after its entry 1 with the digest [0-9a-f]{32}/)
          assert.match(`${facts.found}`, found)
          return true
        },
      )
    refused(nobody, /^none that is whole$/)
    refused(
      () => ({ seq: 1, state: large('another') }),
      /^one after its entry 1 with the digest [0-9a-f]{32}$/,
    )
    refused(() => ({ seq: 3, state: large('one') }), /^one after its entry 3/)
    assert.ok(patch.whole(() => ({ seq: 1, state: large('one') }), LOG))
  })

  test('of any lives come back as they went, in journals that hold the same', async () => {
    const address = fc.constantFrom('order/1', 'order/2', 'order/2/child')
    const edit = fc.record({
      at: fc.nat(30_000),
      text: fc.string({ maxLength: 3_000 }),
      drops: fc.nat(2_000),
    })
    const applied = fc.record({
      address,
      edits: fc.array(edit, { maxLength: 4 }),
      isNew: fc.boolean(),
      persistSnapshot: fc.boolean(),
      ends: fc.integer({ min: 0, max: 9 }).map(one => one === 0),
    })
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.array(applied, { minLength: 1, maxLength: 3 }) },
      { weight: 1, arbitrary: fc.constant('claim' as const) },
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async steps => {
        const pair = new Pair()
        const states = new Map<string, Buffer>()
        for (const one of steps) {
          if (one === 'claim') pair.claim()
          else
            await pair.commit(
              one.map(({ address, edits, isNew, persistSnapshot, ends }) => {
                let state = (isNew ? undefined : states.get(address)) ?? Buffer.from(large(address, 20_000))
                for (const { at, text, drops } of edits)
                  state = Buffer.concat([
                    state.subarray(0, at),
                    Buffer.from(text),
                    state.subarray(at + drops),
                  ])
                states.set(address, state)
                const record = {
                  state: new Uint8Array(state),
                  ...(ends ? { status: 'done' as const } : {}),
                }
                return { address, record, persistSnapshot }
              }),
            )
        }
        assertAlike(pair.standby, pair.owner, ['order/1', 'order/2', 'order/2/child'])
      }),
      { numRuns: 60 },
    )
  })
})
