import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { type SeenError, workerOf } from '../../support/engine-worker.js'
import { assertRefolds, engineWorld, gate, historyOf } from '../../support/engine-world.js'

type Worker = ReturnType<typeof workerOf>

/** Starts one worker, lets `ms` pass, and answers what the machine saw and how often it was tried. */
async function outcomeOf(worker: Worker, ms = 3600_000, arg: unknown = undefined) {
  await using rt = await engineWorld([worker])
  const w = rt.actor(worker, 'w')
  await w.start({ arg })
  await rt.advance(ms)
  const { value, context } = (await w.getSnapshot())!
  assertRefolds(rt)
  return {
    value,
    error: context.error,
    result: context.result,
    calls: rt.calls('work'),
    history: await historyOf(w),
  }
}

const hang = () => new Promise<never>(() => {})

class BankError extends Error {
  readonly code: string
  override readonly name = 'BankError'
  readonly details = { account: 7 }
  constructor(code: string) {
    super(`the bank says ${code}`)
    this.code = code
  }
}

suite('an activity that throws', () => {
  test('is tried again until its attempts are used up; the machine sees the last error, whole', async () => {
    const worker = workerOf(
      async ({ attempt }) => {
        throw new BankError(`E${attempt}`)
      },
      { retry: { attempts: 3 } },
    )
    const { value, error, calls } = await outcomeOf(worker)
    assert.equal(value, 'failed')
    assert.deepEqual(
      { ...error },
      {
        name: 'BankError',
        message: 'the bank says E3',
        code: 'E3',
        details: { account: 7 },
      },
    )
    assert.deepEqual(
      calls.map(call => call.attempt),
      [1, 2, 3],
    )
    assert.equal(new Set(calls.map(call => call.idempotencyKey)).size, 1)
  })

  for (const nonRetryable of ['BankError', 'BLOCKED'])
    test(`is not tried again when ${nonRetryable} is not to be retried`, async () => {
      const worker = workerOf(
        async () => {
          throw new BankError('BLOCKED')
        },
        { retry: { nonRetryable: [nonRetryable] } },
      )
      const { error, calls } = await outcomeOf(worker)
      assert.equal(error?.code, 'BLOCKED')
      assert.equal(calls.length, 1)
    })

  test('before its first await, with something that is no error', async () => {
    const thrown: [unknown, SeenError][] = [
      ['a string', { name: 'Error', message: 'a string' }],
      [undefined, { name: 'Error', message: 'undefined' }],
      [
        { code: 42, message: 'an object' },
        { name: 'Error', message: 'an object', code: '42' },
      ],
    ]
    for (const [what, seen] of thrown) {
      const worker = workerOf(
        () => {
          throw what
        },
        { retry: { attempts: 1 } },
      )
      const { value, error } = await outcomeOf(worker, 10)
      assert.equal(value, 'failed')
      assert.deepEqual({ ...error }, seen)
    }
  })

  test('with a message longer than a payload may be: what is recorded has a bound', async () => {
    const worker = workerOf(
      async () => {
        throw Object.assign(new Error('x'.repeat(2_000_000)), { details: 'y'.repeat(2_000_000), code: 'BIG' })
      },
      { retry: { attempts: 1 } },
    )
    const { value, error } = await outcomeOf(worker, 10)
    assert.equal(value, 'failed')
    assert.equal(error?.code, 'BIG')
    assert.ok(JSON.stringify(error).length < 100_000, `${JSON.stringify(error).length} characters`)
  })
})

suite('an activity that hangs', () => {
  test('fails by its attempt deadline, and is tried again', async () => {
    const signals: AbortSignal[] = []
    const worker = workerOf(
      async ({ attempt, signal }) => {
        signals.push(signal)
        return attempt < 3 ? hang() : 'at last'
      },
      { attemptMs: 5_000, retry: { initialMs: 10 } },
    )
    const { value, result, history } = await outcomeOf(worker)
    assert.deepEqual([value, result], ['done', 'at last'])
    assert.deepEqual(
      signals.map(signal => signal.aborted),
      [true, true, false],
    )
    const first = history[1]?.command
    assert.ok(first?.kind === 'result' && first.outcome.status === 'error')
    assert.deepEqual([first.outcome.error.code, first.outcome.retry], ['Timeout', true])
    assert.match(first.outcome.error.message, /work: no result within 5000 ms/)
  })

  test('is given up at the overall deadline, which no attempt outlives and none begins after', async () => {
    const begun: number[] = []
    let now = () => 0
    const worker = workerOf(
      () => {
        begun.push(now())
        return hang()
      },
      { attemptMs: 4_000, overallMs: 10_000, retry: { initialMs: 1_000, maxMs: 1_000, factor: 1 } },
    )
    await using rt = await engineWorld([worker])
    now = () => rt.clock.now()
    const w = rt.actor(worker, 'w')
    const born = now()
    await w.start({})
    await rt.advance(9_999)
    assert.ok((await w.getSnapshot())?.matches('working'))
    await rt.advance(1)
    const { value, context } = (await w.getSnapshot())!
    assert.equal(value, 'failed')
    assert.equal(context.error?.code, 'Timeout')
    assert.ok(begun.every(at => at < born + 10_000))
    assert.equal(begun.length, 3)
    await rt.advance(100_000)
    assert.equal(begun.length, 3)
  })

  test('whose process is down beyond the overall deadline is not begun again', async () => {
    const worker = workerOf(hang, { overallMs: 10_000 })
    await using rt = await engineWorld([worker])
    const w = rt.actor(worker, 'w')
    await w.start({})
    await rt.advance(1)
    assert.equal(rt.calls('work').length, 1)
    rt.engine.shard.host.kill()
    rt.clock.moveTo(rt.clock.now() + 60_000)
    await rt.crash()
    await rt.advance(0)
    const { value, context } = (await w.getSnapshot())!
    assert.deepEqual([value, context.error?.code], ['failed', 'Timeout'])
    assert.equal(rt.calls('work').length, 1)
  })

  test('and ignores its signal, answering in the end: nobody listens', async () => {
    const late = gate<string>()
    const worker = workerOf(() => late.opened, { attemptMs: 100, retry: { attempts: 1 } })
    await using rt = await engineWorld([worker])
    const w = rt.actor(worker, 'w')
    await w.start({})
    await rt.advance(100)
    assert.equal((await w.getSnapshot())?.value, 'failed')
    const { length } = await historyOf(w)
    late.open('too late')
    await rt.advance(1)
    assert.equal((await historyOf(w)).length, length)
  })
})

suite('a result that cannot be kept', () => {
  const bad: [string, unknown, RegExp][] = [
    ['a function', () => {}, /function/],
    ['a function inside', { a: [{ b: () => {} }] }, /a\[0\]\.b|a.0.b/],
    ['a symbol', Symbol('s'), /symbol/],
    ['an instance', new (class Tool {})(), /Tool/],
    ['a cycle', cycle(), /cycle/],
    ['a stream of nothing', new WeakMap(), /WeakMap/],
  ]
  for (const [what, value, says] of bad)
    test(`${what}: the machine is told, and nothing is tried again`, async () => {
      const { value: state, error, calls } = await outcomeOf(workerOf(async () => value))
      assert.equal(state, 'failed')
      assert.equal(error?.name, 'UnserialisableError')
      assert.match(error?.message ?? '', says)
      assert.equal(calls.length, 1)
    })

  test('one too large names both sizes and the actor', async () => {
    const { value, error, calls } = await outcomeOf(workerOf(async () => 'x'.repeat(524_289)))
    assert.equal(value, 'failed')
    assert.deepEqual([error?.name, error?.code], ['TooLargeError', 'InvalidEvent'])
    assert.match(error?.message ?? '', /worker\/w: a result has \d+ bytes, at most 524288/)
    assert.equal(calls.length, 1)
  })

  test('nothing at all is a result', async () => {
    const { value, result } = await outcomeOf(workerOf(async () => undefined))
    assert.deepEqual([value, result], ['done', undefined])
  })

  test('dates, maps and their kin come back as they went', async () => {
    const result = {
      at: new Date(5),
      seen: new Map([['a', new Set([1n])]]),
      bytes: new Uint8Array([1]),
      no: undefined,
    }
    assert.deepEqual((await outcomeOf(workerOf(async () => result))).result, result)
  })
})

suite('a heartbeat', () => {
  test('that stops fails the attempt; what it said last reaches the next, over a crash too', async () => {
    const lasts: unknown[] = []
    const worker = workerOf(
      async ({ attempt, heartbeat, lastHeartbeat }) => {
        lasts.push(lastHeartbeat)
        heartbeat({ page: attempt * 10 })
        if (attempt === 2) heartbeat()
        return attempt < 4 ? hang() : 'done'
      },
      { heartbeatMs: 1_000, retry: { initialMs: 10_000, maxMs: 10_000 } },
    )
    await using rt = await engineWorld([worker])
    const w = rt.actor(worker, 'w')
    await w.start({})
    await rt.advance(1_000)
    await rt.crash()
    await rt.advance(60_000)
    assert.equal((await w.getSnapshot())?.value, 'done')
    assert.deepEqual(lasts, [undefined, { page: 10 }, { page: 20 }, { page: 30 }])
    const errors = (await historyOf(w)).flatMap(({ command }) =>
      command.kind === 'result' && command.outcome.status === 'error' ? [command.outcome.error] : [],
    )
    assert.match(errors[0]?.message ?? '', /work: no heartbeat within 1000 ms/)
    assertRefolds(rt)
  })

  test('that goes on keeps the attempt alive', async () => {
    let beat = () => {}
    const answer = gate<string>()
    const worker = workerOf(
      ({ heartbeat }) => {
        beat = heartbeat
        return answer.opened
      },
      { heartbeatMs: 1_000 },
    )
    await using rt = await engineWorld([worker])
    const w = rt.actor(worker, 'w')
    await w.start({})
    await rt.advance(1)
    for (let n = 0; n < 5; n++) {
      beat()
      await rt.advance(900)
    }
    answer.open('alive')
    await rt.advance(1)
    assert.equal((await w.getSnapshot())?.context.result, 'alive')
  })

  test('larger than a payload is refused where it is said', async () => {
    const worker = workerOf(async ({ heartbeat }) => heartbeat('x'.repeat(600_000)), {
      retry: { attempts: 1 },
    })
    const { error } = await outcomeOf(worker)
    assert.match(error?.message ?? '', /heartbeat.*at most 524288/)
  })
})

suite('an activity’s input', () => {
  test('is its own copy: what one attempt does to it, the next does not see, nor the journal', async () => {
    const seen: unknown[] = []
    const worker = workerOf(
      async ({ input, attempt }) => {
        const { items } = input as { items: number[] }
        seen.push([...items])
        items.push(99)
        if (attempt < 3) throw new Error('again')
      },
      { retry: { initialMs: 1 } },
    )
    const { value } = await outcomeOf(worker, 1_000, { items: [1] })
    assert.equal(value, 'done')
    assert.deepEqual(seen, [[1], [1], [1]])
  })
})

test('what an activity says on the side is heard by who listens now, and kept nowhere', async () => {
  const worker = workerOf(async ({ emit }) => {
    emit({ type: 'TOKEN' })
    return 'said'
  })
  await using rt = await engineWorld([worker])
  const w = rt.actor(worker, 'w')
  const heard: unknown[] = []
  w.on('TOKEN' as never, event => heard.push(event))
  await w.start({})
  await rt.advance(0)
  assert.deepEqual(heard, [{ type: 'TOKEN' }])
  const kept = (await historyOf(w)).map(one => one.command.kind)
  assert.deepEqual(kept, ['start', 'result'])
  assert.deepEqual(
    [...rt.engine.shard.journal.commits(0)].flatMap(one => one.published),
    [],
  )
})

function cycle(): object {
  const itself: Record<string, unknown> = {}
  itself.again = itself
  return itself
}
