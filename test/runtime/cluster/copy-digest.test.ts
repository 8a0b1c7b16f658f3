import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { MemoryJournal } from '../../../journal/index.js'
import { copyDigest } from '../../../runtime/cluster/copy-digest.js'
import { CommitMaker } from '../../support/journal-commits.js'

/** Commits of two entries each. */
async function journalOf(commits: number, change: (n: number) => string = () => 'SAME') {
  const journal = new MemoryJournal()
  const maker = new CommitMaker()
  for (let n = 0; n < commits; n++)
    await journal.append(
      maker.make([
        { address: `order/${n % 3}`, event: { type: change(n), n } },
        { address: 'order/all', event: { type: 'SAME', n } },
      ]),
    )
  return journal
}

suite('the digest of a stretch of a copy', () => {
  test('is the same of two copies, one of which has got further', async () => {
    const [owner, standby] = [await journalOf(10), await journalOf(6)]
    const stretch = { after: 4, to: standby.position }
    const [one, other] = [copyDigest(owner, stretch), copyDigest(standby, stretch)]
    assert.deepEqual([one.entries, one.digest], [8, other.digest])
    // Actors that went on meanwhile are compared by their entries alone.
    assert.deepEqual(one.records, {})
    assert.deepEqual(Object.keys(other.records).sort(), ['order/0', 'order/1', 'order/2', 'order/all'])
  })

  test('is another when an entry is, and only then', async () => {
    const plain = await journalOf(6)
    const odd = await journalOf(6, n => (n === 3 ? 'ODD' : 'SAME'))
    const digests = (after: number, to: number) =>
      [plain, odd].map(journal => copyDigest(journal, { after, to }).digest)
    const [one, other] = digests(0, 12)
    assert.notEqual(one, other)
    const [before, alike] = digests(0, 6)
    assert.equal(before, alike)
    const [behind, alsoAlike] = digests(8, 12)
    assert.equal(behind, alsoAlike)
  })

  test('says so of a record that is another, though its entries are not', async () => {
    const [one, other] = [await journalOf(6), await journalOf(6)]
    const spoilt: Parameters<typeof copyDigest>[0] = {
      commits: after => other.commits(after),
      read: address => {
        const stored = other.read(address)
        return stored && { record: { ...stored.record, state: new Uint8Array([1]) } }
      },
    }
    const stretch = { after: 0, to: 12 }
    const [good, bad] = [copyDigest(one, stretch), copyDigest(spoilt, stretch)]
    assert.equal(good.digest, bad.digest)
    assert.deepEqual(Object.keys(good.records), Object.keys(bad.records))
    for (const [address, digest] of Object.entries(good.records))
      assert.notEqual(digest, bad.records[address])
  })
})
