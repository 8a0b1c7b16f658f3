import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { formatTrace, parseTrace } from '../../../../runtime/observe/tracing/trace-context.js'

const hex = (length: number) =>
  fc
    .stringMatching(new RegExp(`^[\\da-f]{${length}}$`))
    .filter(text => /[1-9a-f]/.test(text) && text.length === length)
const traceparent = fc
  .tuple(hex(32), hex(16), fc.constantFrom('00', '01'))
  .map(([trace, span, flags]) => `00-${trace}-${span}-${flags}`)
const tracestate = fc
  .array(fc.tuple(fc.stringMatching(/^[a-z]{1,8}$/), fc.stringMatching(/^[\da-f]{1,8}$/)), {
    minLength: 1,
    maxLength: 4,
  })
  .map(pairs => [...new Map(pairs)].map(([key, value]) => `${key}=${value}`).join(','))

test('a context comes back as it went, tracestate and all', () => {
  fc.assert(
    fc.property(traceparent, fc.option(tracestate, { nil: undefined }), (parent, state) => {
      const carried = state === undefined ? parent : `${parent} ${state}`
      const context = parseTrace(carried)
      assert.ok(context !== undefined)
      assert.equal(context.isRemote, true)
      assert.equal(formatTrace(context), carried)
    }),
  )
})

test('what is no context is none', () => {
  const zero = '0'.repeat(32)
  const some = '4bf92f3577b34da6a3ce929d0e0e4736'
  for (const carried of [
    '',
    'nonsense',
    `00-${zero}-00f067aa0ba902b7-01`,
    `00-${some}-0000000000000000-01`,
    `ff-${some}-00f067aa0ba902b7-01`,
    `00-${some.toUpperCase()}-00f067aa0ba902b7-01`,
    `00-${some}-00f067aa0ba902b7-01 ${'x'.repeat(513)}`,
    `00-${some}-00f067aa0ba902b7-01\nset-cookie: x`,
  ])
    assert.equal(parseTrace(carried), undefined, carried)
  assert.equal(formatTrace({ traceId: zero, spanId: '0'.repeat(16), traceFlags: 0 }), undefined)
  fc.assert(
    fc.property(fc.string(), junk => {
      assert.equal(parseTrace(junk), undefined)
    }),
  )
})
