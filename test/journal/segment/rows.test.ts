import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { plainWriter } from '../../../actors/codec.js'
import type { InvocationToken, Outcome, ResultCommand } from '../../../actors/command.js'
import type { JournalEntry } from '../../../actors/commit.js'
import type { ActorRecord, Task } from '../../../actors/record.js'
import { unpackEntry, unpackRecord, writeEntry, writeRecord } from '../../../journal/segment/rows.js'

const A = 'order/a'
const token: InvocationToken = { actor: A, incarnation: 7, id: 'pay', epoch: 3, task: 0, attempt: 1 }

function resultEntry(changes: Partial<ResultCommand> = {}): JournalEntry {
  const outcome: Outcome = { status: 'done', output: { receipt: 'r-1', cents: 4_200 } }
  const command: ResultCommand = {
    kind: 'result',
    commandId: 'order/a:7.3.0.1',
    sender: A,
    target: A,
    token,
    outcome,
    ...changes,
  }
  return {
    address: A,
    seq: 4,
    position: 12,
    at: 1_700_000_000_000,
    command,
    outcome: 'applied',
    value: 'paid',
  }
}

function stored(entry: JournalEntry): { entry: JournalEntry; bytes: number } {
  const writer = plainWriter()
  writeEntry(writer, entry)
  return { entry: unpackEntry(writer.since(0)), bytes: writer.length }
}

function storedRecord(record: ActorRecord): ActorRecord {
  const writer = plainWriter()
  writeRecord(writer, record)
  return unpackRecord(writer.since(0))
}

function recordWith(tasks: readonly Task[]): ActorRecord {
  return {
    address: A,
    incarnation: 7,
    version: '1',
    seq: 4,
    position: 12,
    at: 1,
    status: 'active',
    state: new Uint8Array([1, 2, 3]),
    timers: [
      { number: 1, id: 't', dueAt: 5, event: { type: 'LATE' } },
      {
        number: 2,
        id: 'u',
        dueAt: Number.POSITIVE_INFINITY,
        event: { type: 'E' },
        to: 'order/b',
        trace: '00-1',
      },
    ],
    invocations: [
      { id: 'pay', src: 'charge', epoch: 3, startedAt: 1, position: 12, deadlineAt: 99, tasks },
      { id: 'b', src: 's', epoch: 4, startedAt: 1, position: 12, deadlineAt: 9, tasks: [], trace: '00-2' },
    ],
    children: [{ id: 'c', src: 'child', epoch: 5 }],
    epoch: 5,
    timer: 2,
    recent: [{ commandId: 'x', payload: 'h', seq: 1, position: 2, at: 1, handled: true, created: true }],
  }
}

suite('an entry comes back as it was written', () => {
  const child: InvocationToken = { ...token, actor: 'order/other' }
  const error = { name: 'Refused', message: 'no', code: 'E1' }
  const results: Record<string, Partial<ResultCommand>> = {
    'a result of its own': {},
    'a token of another actor': { token: child },
    'a sender that is not the target': { sender: 'order/a/pay' },
    'no output': { outcome: { status: 'done', output: undefined } },
    'an output that is a list': { outcome: { status: 'done', output: [1, [2]] } },
    'an error': { outcome: { status: 'error', error, retry: true, heartbeat: { at: 3 } } },
    'a snapshot': { outcome: { status: 'snapshot', snapshot: { value: 'a' } } },
    'an output that is not plain': { outcome: { status: 'done', output: { on: new Date(5) } } },
    'time, trace and attempts': { at: 9, trace: '00-3', attempts: 2, redriven: '0-1' },
    'another target than its address says': { target: 'order/b' },
  }
  for (const [what, changes] of Object.entries(results))
    test(what, () => {
      const entry = resultEntry(changes)
      assert.deepEqual(stored(entry).entry, entry)
    })

  const outcomes: Record<string, Partial<JournalEntry>> = {
    'with a digest': { digest: 'd'.repeat(32) },
    'that failed': { outcome: 'failed', error },
    'that failed, with a digest': { outcome: 'failed', error, digest: 'd' },
  }
  for (const [what, changes] of Object.entries(outcomes))
    test(`one ${what}`, () => {
      const { value: _, ...bare } = resultEntry()
      for (const entry of [
        { ...resultEntry(), ...changes },
        { ...bare, ...changes },
      ])
        assert.deepEqual(stored(entry).entry, entry)
    })

  test('a result that nobody sent', () => {
    const { sender: _, ...command } = resultEntry().command as ResultCommand
    const entry = { ...resultEntry(), command }
    assert.deepEqual(stored(entry).entry, entry)
  })

  test('and names of fields, and what goes without saying, take no room', () => {
    assert.ok(stored(resultEntry()).bytes < 120, `${stored(resultEntry()).bytes} bytes`)
  })
})

suite('a record comes back as it was written', () => {
  const tasks: Record<string, readonly Task[]> = {
    'a task that is away': [
      { input: 1, attempt: 2, state: 'started', away: { member: 'm1', life: '7@2026-01-01' } },
    ],
    'a task with an input': [{ input: { orderId: 'o' }, attempt: 1, state: 'ready' }],
    'a field that is there and undefined': [
      { input: undefined, attempt: 2, state: 'waiting', dueAt: 8 },
      { input: 1, attempt: 1, state: 'done', output: undefined },
    ],
    'what is not plain': [{ input: new Map([[1, 2]]), attempt: 1, state: 'asked', heartbeat: 'alive' }],
  }
  for (const [what, given] of Object.entries(tasks))
    test(what, () => {
      assert.deepEqual(storedRecord(recordWith(given)), recordWith(given))
    })

  test('one that was terminated, and remembers a failure', () => {
    const record: ActorRecord = {
      ...recordWith([]),
      status: 'stopped',
      terminated: 'enough',
      recent: [
        { commandId: 'x', payload: 'h', seq: 1, position: 2, at: 1, handled: true },
        {
          commandId: 'y',
          payload: 'i',
          seq: 2,
          position: 3,
          at: 1,
          handled: false,
          error: { name: 'E', message: 'm' },
        },
      ],
    }
    assert.deepEqual(storedRecord(record), record)
  })
})
