import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { fateOf } from '../../../../runtime/demo/gateway/fate.js'
import { faultsWith, noFaults, parseFaults } from '../../../../runtime/demo/gateway/faults.js'

const keys = Array.from({ length: 4_000 }, (_, nth) => `o-${nth}:charge:1`)

describe('the fate of a request', () => {
  const faults = faultsWith(noFaults, parseFaults('timeout=0.3, 5xx=0.1, hang=0.02,drop=0.04,decline=0.05'))

  it('is met as often as the knobs say', () => {
    const counts = new Map<string, number>()
    for (const key of keys) {
      const { moves, answer } = fateOf(faults, 'charge', key, 1)
      const what = `${answer}${moves ? ', moved' : ''}`
      counts.set(what, (counts.get(what) ?? 0) + 1)
    }
    // Declined cards never get to the other mishaps.
    const shares = { 'late, moved': 0.15, 'never, moved': 0.15, error: 0.1, never: 0.02, dropped: 0.02 }
    for (const [what, share] of Object.entries({ ...shares, 'dropped, moved': 0.02 }))
      assert.ok(
        Math.abs(counts.get(what)! / (keys.length * 0.95) - share) < 0.02,
        `${what}: ${counts.get(what)}`,
      )
    assert.ok(Math.abs(counts.get('declined')! / keys.length - 0.05) < 0.01)
  })

  it('is the same for the same request, and another for the next', () => {
    const fates = (nth: number) => keys.map(key => fateOf(faults, 'charge', key, nth))
    const [first, second] = [fates(1), fates(2)]
    assert.deepEqual(fates(1), first)
    const changed = first.filter(({ answer }, index) => answer !== second[index]!.answer)
    assert.ok(changed.length > keys.length / 4)
  })

  it('of a declined card stays declined, and its refund is not', () => {
    const declined = keys.filter(key => fateOf(faults, 'charge', key, 1).answer === 'declined')
    for (const key of declined)
      for (const nth of [2, 3, 9]) assert.equal(fateOf(faults, 'charge', key, nth).answer, 'declined')
    assert.ok(declined.some(key => fateOf(faults, 'refund', key, 1).answer === 'prompt'))
  })

  it('waits as long as the knobs say', () => {
    const waits = keys.map(
      key => fateOf(faultsWith(noFaults, { latency: 20, spread: 10 }), 'charge', key, 1).afterMs,
    )
    assert.ok(Math.min(...waits) >= 20 && Math.max(...waits) <= 30 && new Set(waits).size > 100)
  })
})

describe('faults as written', () => {
  for (const [text, expected] of [
    ['5xx=1.5', /5xx= with a share from 0 to 1, found 1.5/],
    ['latency=-1', /latency= with milliseconds, found -1/],
    ['hang', /hang= with a share from 0 to 1, found NaN/],
    ['slow=1', /expected one of latency, spread, .*, found 'slow'/],
    ['timeout=0.7,5xx=0.4', /together at most 1, found 1.1/],
  ] as const)
    it(`'${text}' are refused`, () =>
      assert.throws(() => parseFaults(text), { code: 'InvalidDefinition', message: expected }))

  it('of nothing are none', () => assert.deepEqual(parseFaults(''), {}))
})
