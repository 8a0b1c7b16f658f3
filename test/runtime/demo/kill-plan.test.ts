import assert from 'node:assert/strict'
import { it } from 'node:test'
import { KillPlan } from '../../../runtime/demo/kill-plan.js'

it('kills as often as planned, also when there is nothing to kill for a while', async () => {
  let [asked, killed] = [0, 0]
  const plan = new KillPlan(5, 1, () => {
    asked++
    if (asked % 3 === 0) return false
    killed++
    return true
  })
  plan.reach(0.5)
  await plan.done()
  assert.equal(killed, 5)
})

it('spreads its kills over the input', async () => {
  let killed = 0
  let half = () => {}
  const halfDone = new Promise<void>(resolve => {
    half = resolve
  })
  const plan = new KillPlan(10, 3, () => {
    killed++
    if (killed === 5) half()
    return true
  })
  plan.reach(0.5)
  await halfDone
  plan.reach(0.5)
  assert.equal(killed, 5)
  await plan.done()
  assert.equal(killed, 10)
})

it('is done at once when nothing is planned', async () => {
  const plan = new KillPlan(0, 1, () => assert.fail('killed'))
  plan.reach(1)
  await plan.done()
})
