/** Histories as people read them, written from bytes: the same text as would be written from the values. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { plainWriter, toJson } from '../../../../actors/codec.js'
import type { Command } from '../../../../actors/command.js'
import type { JournalEntry } from '../../../../actors/commit.js'
import { shownEvent } from '../../../../actors/shown-event.js'
import { unpackEntry, writeEntry } from '../../../../journal/segment/rows.js'
import { HistoryJson } from '../../../../journal/sqlite/writer/history-json.js'
import { anyCharacter, anyValue } from '../../../support/any-value.js'

const target = 'order/a'

const plainValue = fc.letrec<{ value: unknown }>(tie => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.string({ unit: anyCharacter }),
    fc.string({ unit: anyCharacter, minLength: 250, maxLength: 300 }),
    fc.integer(),
    fc.maxSafeInteger(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.constantFrom(
      0,
      9,
      10,
      99,
      100,
      2 ** 32 - 1,
      2 ** 32,
      10 ** 9,
      10 ** 10,
      2 ** 53 - 1,
      2 ** 60,
      -1,
      1e300,
    ),
    fc.constantFrom(null, true, false, undefined, '"\\\b\f\n\r\t\u0000\u001f\u007f\u2028'),
    fc.array(tie('value'), { maxLength: 20 }),
    fc.dictionary(
      fc.oneof(fc.string({ maxLength: 6 }), fc.constantFrom('$date', '$', 'type')),
      tie('value'),
      {
        maxKeys: 20,
        noNullPrototype: true,
      },
    ),
  ),
})).value

const anyCommand = (value: fc.Arbitrary<unknown>): fc.Arbitrary<Command> => {
  const head = { commandId: fc.string(), target: fc.constantFrom(target, 'order/b') }
  const token = fc.record({
    actor: fc.constantFrom(target, 'order/b'),
    incarnation: fc.nat(),
    id: fc.string(),
    epoch: fc.nat(),
    task: fc.nat(),
    attempt: fc.nat(),
  })
  const outcome = fc.oneof(
    fc.record({ status: fc.constant('done' as const), output: value }),
    fc.constant({ status: 'failed' as const, error: { name: 'E', message: 'no "way"' }, lost: false }),
  )
  return fc.oneof(
    fc.record({ kind: fc.constant('start' as const), ...head, input: value }),
    fc.record({
      kind: fc.constant('message' as const),
      ...head,
      event: fc.record({ type: fc.string(), body: value }),
    }),
    fc.record(
      {
        kind: fc.constant('result' as const),
        ...head,
        token,
        outcome,
        sender: fc.constantFrom(target, 'order/b'),
      },
      { requiredKeys: ['kind', 'commandId', 'target', 'token', 'outcome'] },
    ),
    fc.record({ kind: fc.constant('timer' as const), ...head, timer: fc.nat() }),
    fc.constant({
      kind: 'operator' as const,
      commandId: 'o',
      target,
      order: { type: 'quarantine' as const, reason: 'asked "for"' },
    }),
  ) as fc.Arbitrary<Command>
}

const anyEntry = (value: fc.Arbitrary<unknown>): fc.Arbitrary<JournalEntry> =>
  fc.record(
    {
      address: fc.constant(target),
      seq: fc.nat(),
      position: fc.maxSafeInteger().map(Math.abs),
      at: fc.oneof(fc.constant(1_700_000_000_000), fc.double({ min: 1, max: 2e12, noNaN: true })),
      command: anyCommand(value),
      outcome: fc.constantFrom('applied' as const, 'failed' as const),
      value: value.filter(one => one !== undefined),
      error: fc.constant({ name: 'E', message: 'm\n', details: { $odd: 1 } }),
      digest: fc.string(),
    },
    { requiredKeys: ['address', 'seq', 'position', 'at', 'command', 'outcome'] },
  ) as fc.Arbitrary<JournalEntry>

function stored(entry: JournalEntry): Buffer {
  const writer = plainWriter()
  writeEntry(writer, entry)
  return writer.since(0)
}

/** Made of the values that the bytes are read back as. */
function shown(bytes: Buffer): string {
  const { seq, position, at, command, outcome, value, error } = unpackEntry(bytes)
  const orNull = (one: unknown) => (one === undefined ? 'null' : toJson(one))
  return `[${seq},${position},${at},"${command.kind}","${outcome}",${toJson(shownEvent(command))},${orNull(value)},${orNull(error)}]`
}

const json = new HistoryJson()

suite('a page of history is the JSON of its entries, each on a line', () => {
  for (const [what, value] of [
    ['of plain values', plainValue],
    ['of any value that can be stored', anyValue],
  ] as const)
    test(what, () =>
      fc.assert(
        fc.property(fc.array(anyEntry(value), { minLength: 1, maxLength: 4 }), entries => {
          const bytes = entries.map(stored)
          assert.equal(json.page(bytes).toString(), `[${bytes.map(shown).join(',\n')}]`)
        }),
        { numRuns: 150 },
      ),
    )

  test('of texts of megabytes, each character escaped', () => {
    const command: Command = {
      kind: 'message',
      commandId: 'c',
      target,
      event: { type: 'E', body: '\u0001"'.repeat(1_000_000) },
    }
    const bytes = stored({ address: target, seq: 1, position: 1, at: 1, command, outcome: 'applied' })
    assert.equal(json.page([bytes]).toString(), `[${shown(bytes)}]`)
    assert.equal(json.page([bytes.subarray(0)]).toString(), `[${shown(bytes)}]`)
  })
})
