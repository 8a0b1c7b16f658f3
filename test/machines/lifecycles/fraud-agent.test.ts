import assert from 'node:assert/strict'
import { it } from 'node:test'
import { createActor, toPromise } from 'xstate'
import { fraudAgent } from '../../../machines/lifecycles/fraud-agent.js'
import { type FraudCase, scoreFraud } from '../../../machines/lifecycles/fraud-scoring.js'
import { noon } from './order-life.js'

const suspicious: FraudCase = {
  purchase: { customer: 'c-1', at: noon, amount: 700, listed: 700, instruments: 1, sellers: 1 },
  features: {
    ordersHour: 5,
    ordersDay: 5,
    ordersMonth: 5,
    amountHour: 3_500,
    amountDay: 3_500,
    amountMonth: 3_500,
    tenureMs: 60_000,
  },
}

it('the fraud agent concludes in one turn with the verdict of the model', async () => {
  const agent = createActor(fraudAgent, { input: suspicious })
  agent.start()
  const outcome = await toPromise(agent)
  assert.deepEqual(outcome, { status: 'concluded', answer: scoreFraud(suspicious), turns: 1 })
  assert.equal(outcome.status === 'concluded' && outcome.answer.decision, 'reject')
})
