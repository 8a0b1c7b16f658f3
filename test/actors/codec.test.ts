import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { Packr } from 'msgpackr'
import { decode, encode, encodePayload, normalise, toErrorValue, toJson } from '../../actors/codec.js'
import { UnserialisableError } from '../../actors/errors.js'
import { limits } from '../../actors/limits.js'
import { Reference } from '../../actors/reference.js'
import { anyValue } from '../support/any-value.js'
import { runs } from '../support/effort.js'

const effort = { numRuns: runs(100) }

describe('the codec', () => {
  it('gives back every value it takes as it was', () => {
    fc.assert(
      fc.property(anyValue, value => assert.deepStrictEqual(decode(encode(value)), value)),
      effort,
    )
  })

  it('normalises to what decoding would give, into nothing shared, and once is enough', () => {
    fc.assert(
      fc.property(anyValue, value => {
        const normal = normalise(value)
        assert.deepStrictEqual(normal, decode(encode(value)))
        assert.deepStrictEqual(normalise(normal), normal)
        if (typeof value === 'object' && value !== null) assert.notEqual(normal, value)
      }),
      effort,
    )
  })

  it('takes bigints of so many digits, and refuses longer ones at once', () => {
    const end = 10n ** BigInt(limits.bigintDigitsMax)
    for (const most of [end - 1n, 1n - end]) assert.equal(decode(encode(most)), most)
    for (const long of [end, -end, BigInt(`0x${'f'.repeat(330_000)}`)])
      assert.throws(() => encodePayload({ a: long }), {
        name: 'UnserialisableError',
        path: 'a',
        message: /a bigint of more than 4096 digits/,
      })
    const tagged = new Packr({ useRecords: false }).pack({ '\u0000': ['bigint', '9'.repeat(400_000)] })
    assert.throws(() => decode(Buffer.concat([Buffer.from([0xc1]), tagged])), UnserialisableError)
  })

  it('needs nothing but the bytes: any order, any copy', () => {
    fc.assert(
      fc.property(fc.array(anyValue, { maxLength: 5 }), values => {
        const encodings = values.map(value => Uint8Array.from(encode(value)))
        assert.deepStrictEqual(encodings.toReversed().map(decode), values.toReversed())
      }),
      effort,
    )
  })

  it('never changes what it is given', () => {
    const value = Object.freeze({ when: new Date(0), list: Object.freeze([-0, new Map([[1, 2]])]) })
    encode(value)
    toJson(value)
    assert.deepStrictEqual(value, { when: new Date(0), list: [-0, new Map([[1, 2]])] })
  })

  it('keeps apart what other codecs mix up', () => {
    assert.deepStrictEqual(Object.keys(decode(encode({ a: undefined })) as object), ['a'])
    assert.ok(Object.is(decode(encode(-0)), -0))
    assert.ok(Number.isNaN((decode(encode(new Date(Number.NaN))) as Date).getTime()))
    assert.equal(Object.getPrototypeOf(decode(encode(new Uint8Array(2)))), Uint8Array.prototype)
    assert.ok(Buffer.isBuffer(decode(encode(Buffer.from('a')))))
    assert.deepStrictEqual(decode(encode(new Reference('order/1'))), new Reference('order/1'))
    assert.deepStrictEqual(decode(encode({ '\u0000': ['map', []] })), { '\u0000': ['map', []] })
  })

  it('takes a key named __proto__ for a key', () => {
    const value = JSON.parse('{"__proto__":{"polluted":true},"a":1}')
    for (const back of [decode(encode(value)), normalise(value), decode(encode(normalise(value)))]) {
      assert.deepStrictEqual(Object.keys(back as object), ['__proto__', 'a'])
      assert.equal((back as { polluted?: unknown }).polluted, undefined)
    }
  })

  it('keeps what errors say: name, message, code, details, cause', () => {
    class Declined extends Error {
      readonly code = 'E_DECLINED'
      readonly details = { on: new Date(0) }
      override name = 'Declined'
    }
    const back = decode(encode(new Declined('no', { cause: new RangeError('limit') }))) as Declined
    assert.ok(back instanceof Error)
    assert.deepEqual([back.name, back.message, back.code], ['Declined', 'no', 'E_DECLINED'])
    assert.deepStrictEqual(back.details, { on: new Date(0) })
    assert.ok(back.cause instanceof RangeError)
    assert.equal(back.stack, 'Declined: no')
    assert.deepStrictEqual(normalise(back), back)
  })

  const refused: readonly [string, unknown, string, RegExp][] = [
    ['a function', { context: { items: [1, 2, { fn: () => 1 }] } }, 'context.items[2].fn', /a function/],
    ['a symbol', [Symbol('x')], '[0]', /a symbol/],
    ['a key that is a symbol', { a: { [Symbol('x')]: 1 } }, 'a', /symbol for a key/],
    ['an instance of a class', { a: new (class Cart {})() }, 'a', /an instance of Cart/],
    ['an instance of a class of Map', { a: new (class Carts extends Map {})() }, 'a', /an instance of Carts/],
    ['a WeakMap', new WeakMap(), '', /the value is an instance of WeakMap/],
    ['a promise', { p: Promise.resolve() }, 'p', /an instance of Promise/],
    ['a function in a Map', { m: new Map([['k', () => 1]]) }, 'm[0][1]', /a function/],
    ['a URL', { u: new URL('http://a') }, 'u', /an instance of URL/],
  ]
  for (const [what, value, path, message] of refused)
    it(`refuses ${what}, saying where`, () => {
      for (const write of [encode, normalise, toJson])
        assert.throws(
          () => write(value),
          (error: unknown) => {
            assert.ok(error instanceof UnserialisableError)
            assert.equal(error.path, path)
            assert.match(error.message, message)
            return true
          },
        )
    })

  it('refuses what cannot be stored, wherever it is', () => {
    const bad = fc.constantFrom(() => 1, Symbol('x'), new WeakSet(), Promise.resolve())
    const around = fc.constantFrom<((bad: unknown) => unknown)[]>(
      one => ({ a: [one] }),
      one => new Map([[1, one]]),
      one => new Set([one]),
      one => new Error('x', { cause: one }),
      one => ({ d: new Date(0), $x: -0, one }),
    )
    fc.assert(
      fc.property(bad, around, around, (one, inner, outer) => {
        assert.throws(() => encode(outer(inner(one))), UnserialisableError)
        assert.throws(() => normalise(outer(inner(one))), UnserialisableError)
      }),
      effort,
    )
  })

  it('refuses a cycle and endless depth, saying which', () => {
    const cart: { items: unknown[] } = { items: [] }
    cart.items.push({ cart })
    assert.throws(() => encode({ cart }), /a part of itself/)
    const nested = (levels: number) => {
      let value: unknown = 1
      for (let level = 0; level < levels; level++) value = [value]
      return value
    }
    const deepest = nested(limits.payloadDepthMax + 1)
    assert.deepStrictEqual(decode(encodePayload(deepest)), deepest)
    assert.throws(() => encodePayload([deepest]), /nested deeper than 500 levels/)
    // What was taken can be written down with something around it, and that is bounded too.
    encode({ entry: [deepest] })
    assert.throws(() => encode(nested(10_000)), /nested deeper than/)
    const shared = { a: 1 }
    assert.deepStrictEqual(decode(encode([shared, shared])), [shared, shared])
  })
})

describe('an error as it is stored', () => {
  it('is made of whatever was thrown', () => {
    assert.deepStrictEqual(toErrorValue(new TypeError('no')), { name: 'TypeError', message: 'no' })
    assert.deepStrictEqual(toErrorValue(Object.assign(new Error('no'), { code: 7, details: [1] })), {
      name: 'Error',
      message: 'no',
      code: '7',
      details: [1],
    })
    assert.deepStrictEqual(toErrorValue('text'), { name: 'Error', message: 'text' })
    assert.deepStrictEqual(toErrorValue(undefined), { name: 'Error', message: 'undefined' })
    assert.deepStrictEqual(toErrorValue(Symbol('x')), { name: 'Error', message: 'Symbol(x)' })
    assert.deepStrictEqual(toErrorValue({ a: 1 }), { name: 'Error', message: 'an instance of Object' })
    assert.deepStrictEqual(
      toErrorValue(Object.assign(new Error('x'), { details: () => 1 })).details,
      'a function',
    )
  })

  it('is made even when reading it throws', () => {
    const hostile = new Proxy(
      {},
      {
        get: () => {
          throw new Error('no')
        },
      },
    )
    assert.equal(toErrorValue(hostile).name, 'Error')
    assert.equal(toErrorValue(Object.create(null)).name, 'Error')
  })

  it('is stored as it is', () => {
    fc.assert(
      fc.property(fc.anything(), thrown => void encode(toErrorValue(thrown))),
      effort,
    )
  })
})

describe('JSON for people', () => {
  it('is plain JSON for plain data, keys in their order', () => {
    fc.assert(
      fc.property(fc.json(), text => {
        const value = JSON.parse(text)
        fc.pre(!/"\$|__proto__|-0/.test(text))
        assert.equal(toJson(value), JSON.stringify(value))
      }),
      effort,
    )
    assert.equal(toJson({ b: 1, a: [true, null, 'x'] }), '{"b":1,"a":[true,null,"x"]}')
  })

  it('shows what JSON would drop or change', () => {
    assert.equal(toJson({ a: undefined }), '{"a":{"$undefined":true}}')
    assert.equal(
      toJson([-0, Number.NaN, -Infinity]),
      '[{"$number":"-0"},{"$number":"NaN"},{"$number":"-Infinity"}]',
    )
    assert.equal(toJson(new Date(0)), '{"$date":"1970-01-01T00:00:00.000Z"}')
    assert.equal(
      toJson(new Map([[{ a: 1 }, new Set([2n])]])),
      '{"$map":[[{"a":1},{"$set":[{"$bigint":"2"}]}]]}',
    )
    assert.equal(toJson(new Uint8Array([255])), '{"$bytes":"/w=="}')
    assert.equal(toJson(new Reference('order/1')), '{"$ref":"order/1"}')
    assert.equal(toJson({ $date: 'mine' }), '{"$$date":"mine"}')
    assert.match(toJson(new Error('no')), /"message":"no"/)
  })

  it('tells any two values apart that the codec tells apart', () => {
    fc.assert(
      fc.property(anyValue, anyValue, (a, b) => {
        if (toJson(a) === toJson(b)) assert.deepStrictEqual(normalise(a), normalise(b))
      }),
      effort,
    )
  })
})
