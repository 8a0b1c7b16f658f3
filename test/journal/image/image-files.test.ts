/** Images of journals: what goes on from one is what would have gone on from the journal, and nothing damaged does. */
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import fc from 'fast-check'
import type { ImageFacts } from '../../../actors/image.js'
import type { Journal } from '../../../actors/journal.js'
import { ImageFiles, MemoryJournal } from '../../../journal/index.js'
import { runs } from '../../support/effort.js'
import { type Applied, CommitMaker, T0 } from '../../support/journal-commits.js'
import { flipByte, flipEvery, openForTest, temporaryDirectory } from '../../support/journal-files.js'
import { refusal } from '../../support/journal-refusal.js'
import { owingAddresses } from '../../support/owing-pages.js'

const ADDRESSES = ['order/1', 'order/2', 'order/2/pay', 'stock/c', 'z/9']

const files = new ImageFiles()
let root = ''
let remove = () => {}
const at = (name: string) => join(root, name)

beforeEach(() => {
  const directory = temporaryDirectory()
  root = directory.path
  remove = directory.remove
})
afterEach(() => remove())

const logAt = (sequence: number) => ({ incarnation: 1, sequence, hash: `h${sequence}` })
const taken = (sequence: number) => [{ inbox: 'commands', sequence, hash: `c${sequence}` }] as const

/** A journal of a member, and a model of it in memory: the same commits go to both. */
class Life {
  readonly maker = new CommitMaker()
  readonly model = new MemoryJournal()
  journal = openForTest(at('data'), { durability: 'normal' })

  async commit(applied: readonly Applied[], isLetter = false): Promise<void> {
    const position = this.maker.position + 1
    const command = {
      kind: 'message',
      commandId: `p-${position}`,
      target: 'order/1',
      event: { type: 'GO' },
    } as const
    const letter = { position, at: T0, command, error: { name: 'E', message: 'm' } }
    const commit = {
      ...this.maker.make(applied, { pending: [command], deadLetters: isLetter ? [letter] : [] }),
      taken: taken(position),
    }
    for (const one of [this.model, this.journal]) await one.append(commit, logAt(position))
  }

  /** The journal goes on from an image of itself. */
  async throughImage(name: string): Promise<ImageFacts> {
    const facts = await files.pack(this.#directory, at(`${name}.image`))
    this.journal.close()
    this.#directory = at(name)
    mkdirSync(this.#directory)
    await files.unpack(at(`${name}.image`), facts, this.#directory)
    this.journal = openForTest(this.#directory, { durability: 'normal' })
    return facts
  }

  #directory = at('data')
}

/** All that is asked of a journal but its history. */
function assertGoesOn(journal: Journal, model: Journal): void {
  const same = (ask: (one: Journal) => unknown) => assert.deepStrictEqual(ask(journal), ask(model))
  same(one => one.position)
  same(one => one.logPosition)
  same(one => one.taken())
  same(one => one.losses())
  same(one => one.pending())
  same(one => one.deadLetters(undefined, 100))
  same(one => one.counts())
  same(one => one.list({ limit: 100 }))
  same(one => owingAddresses(one))
  for (const kind of ['timer', 'retry'] as const) same(one => one.due(kind, T0 + 5, 100))
  for (const address of ADDRESSES) {
    same(one => one.read(address))
    assert.deepStrictEqual(
      journal.entries(address, 0, 1_000),
      model.entries(address, 0, 1_000).filter(one => one.position >= journal.historyFrom),
    )
    const { seq } = model.read(address)?.record ?? { seq: 0 }
    assert.deepStrictEqual(journal.recordAt(address, seq), model.recordAt(address, seq))
  }
}

const applied: fc.Arbitrary<Applied> = fc
  .record({
    address: fc.constantFrom(...ADDRESSES),
    index: fc.record({
      value: fc.constantFrom('a', { a: 'b' }),
      tags: fc.subarray(['x', 'y']),
      timerDueAt: fc.option(fc.integer({ min: T0, max: T0 + 5 }), { nil: undefined }),
      owes: fc.boolean(),
    }),
    status: fc.constantFrom('active' as const, 'done' as const),
    persistSnapshot: fc.boolean(),
  })
  .map(({ status, ...rest }) => ({ ...rest, record: { status } }))

const steps = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.tuple(fc.constant('commit' as const), fc.array(applied, { maxLength: 4 }), fc.boolean()),
    },
    { weight: 2, arbitrary: fc.tuple(fc.constant('settle' as const)) },
    { weight: 2, arbitrary: fc.tuple(fc.constant('image' as const)) },
  ),
  { maxLength: 20 },
)

describe('an image', () => {
  it('goes on as the journal would have, wherever it is made', async () => {
    let run = 0
    await fc.assert(
      fc.asyncProperty(steps, async steps => {
        const directory = temporaryDirectory()
        root = directory.path
        const life = new Life()
        try {
          await life.commit([{ address: 'order/1' }])
          for (const step of steps) {
            if (step[0] === 'commit') await life.commit(step[1], step[2])
            else if (step[0] === 'settle') life.journal.settle()
            else {
              const facts = await life.throughImage(`image-${run++}`)
              assert.equal(facts.historyFrom, life.journal.historyFrom)
              assert.deepEqual(facts.log, life.model.logPosition)
            }
            assertGoesOn(life.journal, life.model)
            assert.equal(life.journal.verifyChain(), life.model.position)
          }
        } finally {
          life.journal.close()
          directory.remove()
        }
      }),
      { numRuns: runs(15) },
    )
  })

  it('leaves what is settled of the history behind, and says from where it begins', async () => {
    const life = new Life()
    for (let n = 0; n < 10; n++) await life.commit([{ address: 'order/1' }])
    life.journal.settle()
    await life.throughImage('first')
    assert.deepEqual([life.journal.historyFrom, life.journal.entries('order/1', 0, 100)], [11, []])
    await life.commit([{ address: 'order/1' }])
    // What comes can be folded onto the actor as it was in the image, in rows or not.
    for (let round = 0; round < 2; round++) {
      assert.deepEqual(
        life.journal.entries('order/1', 0, 100).map(one => one.seq),
        [11],
      )
      assert.equal(life.journal.recordAt('order/1', 10)?.seq, 10)
      assert.equal(life.journal.recordAt('order/1', 9), undefined)
      life.journal.settle()
    }
    life.journal.close()
  })

  it('is of one commit, while a thread writes on', async () => {
    const journal = openForTest(at('busy'), { durability: 'normal', ownThread: true })
    const maker = new CommitMaker()
    const append = (n: number) => journal.append(maker.make([{ address: `order/${n}` }]), logAt(n))
    for (let n = 1; n <= 50; n++) await append(n)
    journal.flush()
    const packed = files.pack(at('busy'), at('busy.image'))
    for (let n = 51; n <= 150; n++) await append(n)
    const facts = await packed
    journal.close()
    mkdirSync(at('new'))
    await files.unpack(at('busy.image'), facts, at('new'))
    const copy = openForTest(at('new'))
    assert.ok(facts.position >= 50 && facts.position <= 150, String(facts.position))
    assert.deepEqual(
      [copy.position, copy.logPosition?.sequence, copy.count({}), copy.verifyChain()],
      [facts.position, facts.position, facts.position, facts.position],
    )
    copy.close()
  })

  it('is refused when any of it is not what it must be', async () => {
    const life = new Life()
    for (let n = 0; n < 50; n++) await life.commit([{ address: `order/${n}` }])
    const file = at('good.image')
    const facts = await files.pack(at('data'), file)
    life.journal.close()
    const whole = readFileSync(file)
    const refused = async (what: string, given: ImageFacts = facts) => {
      mkdirSync(at(what))
      await assert.rejects(
        files.unpack(at('bad.image'), given, at(what)),
        refusal('JournalCorrupt', /an image is damaged/),
      )
    }
    for (const offset of [3, Math.floor(whole.length / 2), whole.length - 2]) {
      writeFileSync(at('bad.image'), whole)
      flipByte(at('bad.image'), offset)
      await refused(`byte-${offset}`)
    }
    writeFileSync(at('bad.image'), whole)
    truncateSync(at('bad.image'), whole.length - 100)
    await refused('short')
    writeFileSync(at('bad.image'), whole)
    await refused('position', { ...facts, position: facts.position + 1 })
    await refused('chain', { ...facts, chain: '00'.repeat(32) })
    await refused('sequence', { ...facts, log: logAt(3) })
    await refused('larger', { ...facts, journalBytes: 4_096 })
    assert.ok(statSync(join(at('larger'), 'journal.db')).size <= 2 * 65_536)
  })

  it('of a later release is refused as such', async () => {
    const life = new Life()
    await life.commit([{ address: 'order/1' }])
    life.journal.close()
    const made = await files.pack(at('data'), at('good.image'))
    await assert.rejects(
      files.unpack(at('good.image'), { ...made, schema: made.schema + 1 }, at('data')),
      refusal('JournalTooNew', /knows schemas up to/),
    )
  })

  it('is not made of a damaged record, nor of a journal that is in no cluster; no file is left', async () => {
    const life = new Life()
    await life.commit([{ address: 'order/1', record: { state: Buffer.from('here it stands') } }])
    life.journal.settle()
    life.journal.close()
    flipEvery(join(at('data'), 'journal.db'), Buffer.from('here it stands'))
    await assert.rejects(
      files.pack(at('data'), at('a.image')),
      refusal('JournalCorrupt', /order\/1 is damaged/),
    )
    const alone = openForTest(at('alone'))
    await alone.append(new CommitMaker().make([{ address: 'order/1' }]))
    await assert.rejects(
      files.pack(at('alone'), at('a.image')),
      refusal('JournalCorrupt', /never in a cluster/),
    )
    alone.close()
    assert.deepEqual([existsSync(at('a.image')), existsSync(at('a.image.db'))], [false, false])
  })
})
