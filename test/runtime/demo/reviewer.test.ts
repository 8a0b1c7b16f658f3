import assert from 'node:assert/strict'
import { it } from 'node:test'
import { reviewAnswer } from '../../../runtime/demo/reviewer.js'

it('the reviewer approves, refuses and keeps silent, the same about an order each time, within a day', () => {
  const ids = Array.from({ length: 200 }, (_, nth) => `o-${nth}`)
  const answers = ids.map(id => reviewAnswer(id, 1_000))
  assert.deepEqual(
    ids.map(id => reviewAnswer(id, 1_000)),
    answers,
  )
  assert.deepEqual(new Set(answers.map(answer => answer?.type)), new Set(['APPROVE', 'REFUSE', undefined]))
  for (const answer of answers)
    if (answer !== undefined) assert.ok(answer.at! > 1_000 && answer.at! < 1_000 + 24 * 3600_000)
})
