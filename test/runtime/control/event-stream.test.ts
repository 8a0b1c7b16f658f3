import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createParser } from 'eventsource-parser'
import fc from 'fast-check'
import { serverEvents } from '../../../runtime/control/event-stream.js'

async function* cut(text: string, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text)
  for (let at = 0, n = 0; at < bytes.length; n++) {
    const size = sizes[n % sizes.length] ?? 1
    yield bytes.subarray(at, at + size)
    at += size
  }
}

async function all(chunks: AsyncIterable<Uint8Array>, charsMax = 1_000_000) {
  const events = []
  for await (const { event, data } of serverEvents(chunks, charsMax)) events.push({ event, data })
  return events
}

test('events are read as they were sent, however the stream is cut, as another reader reads them', async () => {
  const line = fc.string({ unit: 'grapheme' }).map(text => text.replace(/[\r\n\u2028\u2029\0]/g, '_'))
  const event = fc.record({
    id: fc.option(fc.nat()),
    event: fc.constantFrom('change', 'emitted', 'failed', undefined),
    data: fc.array(line, { minLength: 1, maxLength: 3 }),
    comment: fc.boolean(),
    end: fc.constantFrom('\n', '\r\n'),
  })
  const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 })
  await fc.assert(
    fc.asyncProperty(fc.array(event), sizes, async (events, cuts) => {
      const text = events
        .map(({ id, event: name, data, comment, end }) =>
          [
            ...(comment ? [': here still', '', ''] : []),
            ...(id === null ? [] : [`id: ${id}`]),
            ...(name === undefined ? [] : [`event: ${name}`]),
            ...data.map(one => `data: ${one}`),
            '',
            '',
          ].join(end),
        )
        .join('')
      const expected: { event: string; data: string }[] = []
      const parser = createParser({
        onEvent: one => expected.push({ event: one.event ?? 'message', data: one.data }),
      })
      parser.feed(text)
      assert.deepEqual(await all(cut(text, cuts)), expected)
      assert.equal(expected.length, events.length)
    }),
  )
})

test('an event that is never ended is given up at its bound', async () => {
  async function* endless() {
    for (;;) yield Buffer.from('data: more and more')
  }
  await assert.rejects(all(endless(), 1_000), { code: 'InvalidEvent', message: /1000/ })
})
