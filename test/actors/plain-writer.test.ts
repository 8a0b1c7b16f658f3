import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { unpack } from 'msgpackr'
import { decode, encode, encodedLength, normalise, plainWriter, takePayload } from '../../actors/codec.js'
import { anyCharacter } from '../support/any-value.js'

/** As JSON has it, and undefined; -0 is special. */
const plain = fc.letrec(tie => ({
  value: fc.oneof(
    { maxDepth: 5 },
    fc.string({ unit: anyCharacter }),
    fc.string({ minLength: 30, maxLength: 70 }),
    fc.double().map(value => (value === 0 ? 0 : value)),
    fc.integer({ min: -70_000, max: 70_000 }),
    fc.maxSafeInteger().map(value => value || 0),
    fc.constantFrom(
      true,
      false,
      null,
      undefined,
      0,
      127,
      128,
      255,
      256,
      65_535,
      65_536,
      2 ** 32 - 1,
      2 ** 32,
    ),
    fc.array(tie('value'), { maxLength: 20 }),
    fc.dictionary(fc.string({ maxLength: 50 }).filter(isUsual), tie('value'), { maxKeys: 20 }),
  ),
})).value

function isUsual(key: string): boolean {
  return key !== '__proto__'
}

const levels = 100

suite('plain values', () => {
  test('are written so that msgpackr reads them, one after another', () => {
    fc.assert(
      fc.property(fc.array(plain, { maxLength: 10 }), values => {
        const writer = plainWriter()
        for (const value of values) {
          const start = writer.length
          // An object without a prototype is none of them.
          const known = unprototyped(value)
          assert.ok(writer.write(known, levels, true))
          assert.deepEqual(unpack(writer.since(start)), known)
        }
      }),
    )
  })

  test('of every length of head come back, and are as long as is said', () => {
    const lengths = [0, 15, 16, 31, 32, 40, 41, 255, 256, 65_535, 65_536]
    for (const length of lengths) {
      const list = Array.from({ length }, (_, index) => index)
      const object = Object.fromEntries(list.map(index => [`k${index}`, index]))
      for (const value of ['x'.repeat(length), 'é'.repeat(length), list, object]) {
        assert.deepEqual(decode(encode(value)), value)
        assert.equal(encodedLength(value), encode(value).length)
        assert.deepEqual(takePayload(value), { value, bytes: encode(value).length })
      }
    }
  })

  test('leave nothing behind when something in them is not plain', () => {
    const writer = plainWriter()
    assert.ok(writer.write('before', levels, true))
    const before = writer.since(0)
    const others = [
      new Date(0),
      -0,
      1n,
      '\ud800',
      { '\ud800': 1 },
      { [Symbol('s')]: 1 },
      Object.create(null),
      [[]],
    ]
    for (const other of others) assert.equal(writer.write([1, { a: other }], 2, true), false)
    assert.deepEqual(writer.since(0), before)
  })
})

test('a payload that reads itself while it is taken is taken whole', () => {
  const self = {
    first: 'x'.repeat(50),
    get inner() {
      return encode({ deep: ['y'] }).length
    },
    last: 'z',
  }
  const length = encode({ deep: ['y'] }).length
  assert.deepEqual(decode(encode(self)), { first: self.first, inner: length, last: 'z' })
  assert.deepEqual(normalise({ ...self }), { first: self.first, inner: length, last: 'z' })
})

/** fast-check's dictionaries may be without a prototype. */
function unprototyped(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(unprototyped)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, unprototyped(item)]))
}
