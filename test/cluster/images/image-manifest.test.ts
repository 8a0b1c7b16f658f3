/** What says which images there are: read back as written, and nothing else is taken for one. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  followedBy,
  type ImageManifest,
  imageId,
  readManifest,
} from '../../../cluster/images/image-manifest.js'

const PLAIN = { noNullPrototype: true } as const
const count = fc.nat(Number.MAX_SAFE_INTEGER)
const word = fc.string()
const manifest: fc.Arbitrary<ImageManifest> = fc.record(
  {
    position: count,
    commits: count,
    chain: word,
    historyFrom: count,
    log: fc.record({ incarnation: count, sequence: count, hash: word }, PLAIN),
    actors: count,
    schema: count,
    bytes: count,
    journalBytes: count,
    journalSha256: word,
    id: word,
    member: word,
    at: count,
    chunks: count,
    before: count,
  },
  PLAIN,
)

test('a manifest is read as it was written, with its place', () => {
  fc.assert(
    fc.property(manifest, count, (written, sequence) => {
      const read = readManifest(Buffer.from(JSON.stringify(written)), sequence)
      assert.deepEqual(read, { ...written, sequence })
    }),
  )
})

test('what lacks a part, or has another in its place, is none', () => {
  fc.assert(
    fc.property(
      manifest,
      fc.constantFrom<keyof ImageManifest>('position', 'chain', 'log', 'chunks', 'journalSha256', 'id', 'at'),
      fc.constantFrom(undefined, null, -0.5, true),
      (written, part, instead) => {
        const text = JSON.stringify({ ...written, [part]: instead })
        assert.equal(readManifest(Buffer.from(text), 1), undefined)
      },
    ),
  )
  for (const text of ['', 'null', '[]', '{}', '\u0000'])
    assert.equal(readManifest(Buffer.from(text), 1), undefined)
})

test('an id says which manifest its image was begun after', () => {
  fc.assert(
    fc.property(count, word, (before, unique) => assert.equal(followedBy(imageId(before, unique)), before)),
  )
  for (const id of ['', 'x', '-1', 'a-1']) assert.equal(followedBy(id), 0)
})
