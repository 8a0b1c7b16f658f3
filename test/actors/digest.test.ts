import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { normalise } from '../../actors/codec.js'
import { digest } from '../../actors/digest.js'
import { anyValue } from '../support/any-value.js'
import { runs } from '../support/effort.js'

describe('a digest', () => {
  it('is the same for a value and its stored form, whatever the order of keys', () => {
    fc.assert(
      fc.property(anyValue, value => {
        assert.match(digest(value), /^[0-9a-f]{32}$/)
        assert.equal(digest(normalise(value)), digest(value))
      }),
      { numRuns: runs(100) },
    )
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue(), { noNullPrototype: true }), value => {
        const turned = Object.fromEntries(Object.entries(value).toReversed())
        assert.equal(digest({ a: turned }), digest({ a: value }))
      }),
      { numRuns: runs(100) },
    )
  })

  it('is the same in any process and release', () => {
    assert.equal(
      digest({ b: [1, undefined], a: new Map([['x', new Date(0)]]) }),
      '00bfa62e95cf50d6eba9ca5072376e7b',
    )
  })

  it('tells values apart that differ in type or order only', () => {
    const values = [
      undefined,
      null,
      0,
      -0,
      '0',
      0n,
      false,
      '',
      [],
      {},
      [undefined],
      [null],
      { a: undefined },
      { a: null },
      new Map(),
      new Set(),
      new Map([['a', 1]]),
      { a: 1 },
      [['a', 1]],
      new Map([
        ['a', 1],
        ['b', 2],
      ]),
      new Map([
        ['b', 2],
        ['a', 1],
      ]),
      new Set([1, 2]),
      new Set([2, 1]),
      [1, 2],
      [2, 1],
      ['1,2'],
      ['1', '2'],
      [['1'], '2'],
      new Date(0),
      new Date(Number.NaN),
      '1970-01-01T00:00:00.000Z',
      new Uint8Array([1]),
      Buffer.from([1]),
      new Error('a'),
      new TypeError('a'),
      /a/,
      'date(0)',
    ]
    assert.equal(new Set(values.map(digest)).size, values.length)
  })

  it('refuses what cannot be stored', () => {
    assert.throws(() => digest({ a: () => 1 }), /a function/)
    assert.throws(() => digest([new (class Cart {})()]), /class/)
  })
})
