/**
 * The fraud agent: perceives a purchase with its customer's features, reasons by a fraud model, answers
 * with a verdict. The model runs as an activity, so its verdict is journaled when it is given: a later
 * model does not change what an earlier one said. It has no deeds; what a verdict leads to is the order's.
 */
import { activity } from '../activity.js'
import { createAgent, type Thought } from './agent.js'
import { model1, model2 } from './fraud-models.js'
import { type FraudModel, type FraudVerdict, scoreFraud } from './fraud-scoring.js'
import type { FraudCase } from './fraud-signals.js'

function fraudAgentBy(model: FraudModel) {
  return createAgent<FraudCase, FraudCase, FraudVerdict>({
    id: 'fraud',
    perceive: facts => facts,
    reason: activity(
      async ({ input }: { input: FraudCase }): Promise<Thought<FraudVerdict, never>> => ({
        answer: scoreFraud(model, input),
      }),
    ),
    turnsMax: 1,
  })
}

export const fraudAgent = fraudAgentBy(model1)
export const fraudAgent2 = fraudAgentBy(model2)
