import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runDeterministically } from '../../machines/index.js'
import { randomBits } from '../../machines/random.js'

const context = { at: 1_700_000_000_000, seed: 42 }
const inside = <Result>(task: () => Result) => runDeterministically(context, task)

test('the clock says the time of the command, and dates are dates', () => {
  assert.equal(
    inside(() => Date.now()),
    context.at,
  )
  assert.equal(
    inside(() => new Date().toISOString()),
    new Date(context.at).toISOString(),
  )
  assert.equal(
    inside(() => performance.now()),
    context.at,
  )
  assert.equal(
    inside(() => Date()),
    new Date(context.at).toString(),
  )
  const made = inside(() => new Date())
  assert.ok(made instanceof Date)
  assert.equal(Object.getPrototypeOf(made), Date.prototype)
  inside(() => {
    assert.ok(new Date() instanceof Date)
    assert.ok(made instanceof Date, 'a date from outside')
    assert.equal(new Date(5).getTime(), 5)
    assert.equal(new Date('2026-01-01T00:00:00Z').toISOString(), '2026-01-01T00:00:00.000Z')
    assert.equal(Date.UTC(2026, 0), Date.parse('2026-01-01T00:00:00Z'))
    assert.equal(new Date(2026, 0, 2).getDate(), 2)
    class Stamp extends Date {}
    assert.ok(new Stamp() instanceof Stamp)
    assert.equal(new Stamp().getTime(), context.at)
  })
})

test('randomness comes from the seed: the same again, another for another seed', () => {
  const draw = () => {
    const bytes = crypto.getRandomValues(new Uint8Array(10))
    return JSON.stringify([Math.random(), Math.random(), crypto.randomUUID(), [...bytes]])
  }
  assert.equal(inside(draw), inside(draw))
  assert.notEqual(runDeterministically({ ...context, seed: 43 }, draw), inside(draw))
  const uuid = inside(() => crypto.randomUUID())
  assert.match(uuid, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
})

test('getRandomValues takes what the platform takes', () => {
  inside(() => {
    const words = new Uint32Array(4)
    assert.equal(crypto.getRandomValues(words), words)
    assert.ok(words.some(word => word > 0xffff))
    assert.throws(() => crypto.getRandomValues(new Float64Array(1) as never), TypeError)
    assert.throws(() => crypto.getRandomValues(new Uint8Array(65_537)), RangeError)
  })
})

test('random numbers are spread evenly over [0, 1)', () => {
  const counts = new Array<number>(10).fill(0)
  inside(() => {
    for (let draw = 0; draw < 10_000; draw++) {
      const bucket = Math.floor(Math.random() * 10)
      counts[bucket] = (counts[bucket] ?? 0) + 1
    }
  })
  assert.equal(counts.length, 10)
  for (const count of counts) assert.ok(count > 850 && count < 1150, String(counts))
})

test('every seed, zero too, starts a generator that does not get stuck', () => {
  for (const seed of [0, 1, -1, 0xffffffff, 2 ** 40]) {
    const bits = randomBits(seed)
    assert.equal(new Set(Array.from({ length: 100 }, bits)).size, 100)
  }
})

test('outside, all is as it was: after a return, after a throw, after windows in windows', () => {
  const globals = () => [Date, Math.random, performance.now, crypto.randomUUID, crypto.getRandomValues]
  const before = globals()
  inside(() => {})
  assert.deepEqual(globals(), before)
  assert.throws(
    () =>
      inside(() => {
        throw new Error('user code')
      }),
    /user code/,
  )
  for (const [index, found] of globals().entries()) assert.equal(found, before[index])
  const seen = inside(() => {
    const first = Math.random()
    const nested = runDeterministically({ at: 5, seed: 1 }, () => [Date.now(), Math.random()])
    return { first, nested, second: Math.random(), now: Date.now() }
  })
  const plain = inside(() => [Math.random(), Math.random()])
  assert.deepEqual([seen.first, seen.second], plain, 'the inner window draws nothing from the outer')
  assert.equal(seen.now, context.at)
  assert.equal(seen.nested[0], 5)
  assert.ok(Math.abs(Date.now() - context.at) > 1000)
})

test('a clock somebody else put in place comes back', () => {
  const real = Date.now
  Date.now = () => 77
  try {
    assert.equal(
      inside(() => Date.now()),
      context.at,
    )
    assert.equal(Date.now(), 77)
  } finally {
    Date.now = real
  }
})

test('what a step kept of its clock and chance answers for real once the step is over', () => {
  const kept = inside(() => ({
    NowDate: Date,
    now: Date.now,
    elapsed: performance.now.bind(performance),
    random: Math.random,
    uuid: crypto.randomUUID.bind(crypto),
    values: crypto.getRandomValues.bind(crypto),
  }))
  assert.ok(Math.abs(new kept.NowDate().getTime() - Date.now()) < 60_000)
  assert.ok(Math.abs(kept.now() - Date.now()) < 60_000)
  assert.ok(Math.abs(kept.elapsed() - performance.now()) < 60_000)
  assert.notEqual(kept.random(), kept.random())
  assert.notEqual(kept.uuid(), kept.uuid())
  assert.ok(kept.values(new Uint8Array(64)).some(byte => byte !== 0))
})
