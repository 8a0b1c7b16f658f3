import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import { SystemClock } from '../../runtime/system-clock.js'

// Node 20 warns of its mocked timers; they are the same in later ones, which do not.
const { emitWarning } = process
mock.method(process, 'emitWarning', (warning: string | Error, ...rest: never[]) => {
  if (!String(warning).startsWith('The MockTimers API')) emitWarning.call(process, warning, ...rest)
})

test('what became due while the machine slept is noticed soon after it wakes', () => {
  const wall = Date.now
  let slept = 0
  Date.now = () => wall() + slept
  mock.timers.enable({ apis: ['setTimeout'] })
  try {
    const clock = new SystemClock()
    let [rang, cancelled] = [0, 0]
    clock.after(3_600_000, () => rang++)
    const cancel = clock.after(3_600_000, () => cancelled++)
    mock.timers.tick(30_000)
    assert.equal(rang, 0)
    // Timers stand still while it sleeps; the wall clock does not.
    slept = 8 * 3_600_000
    cancel()
    mock.timers.tick(30_000)
    mock.timers.tick(1)
    assert.deepEqual([rang, cancelled], [1, 0])
  } finally {
    mock.timers.reset()
    Date.now = wall
  }
})

test('time that is set back goes on, and keeps nobody waiting longer', async () => {
  const wall = Date.now
  try {
    const clock = new SystemClock()
    const before = clock.now()
    Date.now = () => wall() - 3_600_000
    await new Promise<void>(resolve => clock.after(20, resolve))
    const after = clock.now()
    assert.ok(after > before && after < before + 3_600_000, `${after - before}`)
  } finally {
    Date.now = wall
  }
})

test('alarms of one delay ring in order, each once, whatever becomes of the others', () => {
  mock.timers.enable({ apis: ['setTimeout', 'Date'] })
  const elapsed = mock.method(performance, 'now', () => Date.now())
  try {
    const clock = new SystemClock()
    const rang: string[] = []
    const ring = (name: string) => () => void rang.push(name)
    const cancelFirst = clock.after(100, ring('cancelled'))
    mock.timers.tick(10)
    clock.after(100, ring('a'))
    clock.after(100, () => {
      rang.push('throws')
      clock.after(100, ring('later'))
      throw new Error('of its own')
    })
    clock.after(100, ring('b'))
    const cancelLast = clock.after(100, ring('cancelled too'))
    clock.after(50, ring('sooner'))
    cancelFirst()
    mock.timers.tick(99)
    assert.deepEqual(rang, ['sooner'])
    cancelLast()
    assert.throws(() => mock.timers.tick(1), /of its own/)
    mock.timers.tick(1)
    assert.deepEqual(rang, ['sooner', 'a', 'throws', 'b'])
    cancelFirst()
    mock.timers.tick(100)
    assert.deepEqual(rang, ['sooner', 'a', 'throws', 'b', 'later'])
  } finally {
    elapsed.mock.restore()
    mock.timers.reset()
  }
})

test('what is set as it rings has its own turn, even without a delay', () => {
  mock.timers.enable({ apis: ['setTimeout', 'Date'] })
  const elapsed = mock.method(performance, 'now', () => Date.now())
  try {
    const clock = new SystemClock()
    let rang = 0
    const again = () => {
      rang++
      clock.after(0, again)
    }
    clock.after(0, again)
    for (let turn = 1; turn <= 3; turn++) {
      mock.timers.tick(1)
      assert.ok(rang >= turn && rang <= turn * 2, `${rang} in turn ${turn}`)
    }
  } finally {
    elapsed.mock.restore()
    mock.timers.reset()
  }
})
