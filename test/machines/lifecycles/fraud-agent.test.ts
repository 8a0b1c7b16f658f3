import assert from 'node:assert/strict'
import { it } from 'node:test'
import { createActor, toPromise } from 'xstate'
import { fraudAgent, fraudAgent2 } from '../../../machines/lifecycles/fraud-agent.js'
import { model1, model2 } from '../../../machines/lifecycles/fraud-models.js'
import { scoreFraud } from '../../../machines/lifecycles/fraud-scoring.js'
import type { FraudCase } from '../../../machines/lifecycles/fraud-signals.js'
import { noon } from './order-life.js'

const suspicious: FraudCase = {
  purchase: {
    customer: 'c-1',
    at: noon,
    amount: 700,
    listed: 700,
    instruments: [{ type: 'credit_card', amount: 700 }],
    shipments: [{ seller: 'm-1', value: 700 }],
    promisedAt: undefined,
  },
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

for (const [agent, model] of [
  [fraudAgent, model1],
  [fraudAgent2, model2],
] as const)
  it(`the fraud agent concludes in one turn with the verdict of ${model.name}`, async () => {
    const actor = createActor(agent, { input: suspicious })
    actor.start()
    const outcome = await toPromise(actor)
    assert.deepEqual(outcome, { status: 'concluded', answer: scoreFraud(model, suspicious), turns: 1 })
    assert.equal(outcome.status === 'concluded' && outcome.answer.decision, 'reject')
  })
