import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import { SystemClock } from '../../runtime/system-clock.js'

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
