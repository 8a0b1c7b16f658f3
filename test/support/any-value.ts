/** Any value that can be stored, for property tests. */
import fc from 'fast-check'
import { Reference } from '../../actors/reference.js'

/** Any character but lone surrogates. The library's own, 'binary', takes a second to list them all first. */
export const anyCharacter: fc.Arbitrary<string> = fc
  .integer({ min: 0, max: 0x10_ffff })
  .filter(code => code < 0xd800 || code > 0xdfff)
  .map(
    code => String.fromCodePoint(code),
    character => (character as string).codePointAt(0) as number,
  )

const leaf = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: anyCharacter }),
  // Lone surrogates: what a text cut in the middle of a character is left with.
  fc
    .array(fc.integer({ min: 0xd7f0, max: 0xe010 }), { maxLength: 4 })
    .map(units => String.fromCharCode(...units)),
  fc.integer(),
  fc.double(),
  fc.maxSafeInteger(),
  fc.boolean(),
  fc.constantFrom(undefined, null, -0, 0, Number.NaN, Infinity, -Infinity, 2 ** 53, -(2 ** 63)),
  fc.bigInt(),
  fc.date({ noInvalidDate: true }),
  fc.uint8Array({ maxLength: 20 }),
  fc.float64Array({ maxLength: 4 }),
  fc.bigUint64Array({ maxLength: 3 }),
  fc.uint8Array({ maxLength: 9 }).map(bytes => Buffer.from(bytes)),
  fc.constantFrom(/a.b/giu, /^$/),
  fc
    .array(fc.string({ unit: anyCharacter }), { maxLength: 3 })
    .map(keys => new Reference(`order/${keys.map(encodeURIComponent).join('/')}`)),
)

const key = fc.oneof(
  fc.string({ maxLength: 6 }),
  fc.constantFrom('type', '__proto__', 'constructor', 'toString', '$date', '\u0000', '1', '\ud800', 'length'),
)

export const anyValue: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown }>(tie => {
  const value = tie('value')
  return {
    value: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      leaf,
      fc.array(value, { maxLength: 4 }),
      fc.dictionary(key, value, { maxKeys: 5, noNullPrototype: true }),
      fc.dictionary(key, value, { maxKeys: 3 }),
      fc.array(fc.tuple(value, value), { maxLength: 3 }).map(entries => new Map(entries)),
      fc.array(value, { maxLength: 3 }).map(items => new Set(items)),
      fc
        .tuple(
          fc.constantFrom(Error, TypeError, RangeError),
          fc.string(),
          value,
          fc.dictionary(fc.constantFrom('code', 'details', 'x'), value),
        )
        .map(([Class, message, cause, fields]) => Object.assign(new Class(message, { cause }), fields)),
    ),
  }
}).value
