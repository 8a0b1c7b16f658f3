/**
 * The fraud models, by version of the order that asks them: logistic regressions whose weights were set by
 * hand, so that each can be argued with. `probability = 1 / (1 + e^-z)`, `z = bias + Σ weight × signal`.
 *
 * A bias of -6 puts a first, ordinary order at 0.3 %. What condemns is speed: no other signal can pass a
 * threshold alone, since a dear first order, many vouchers, a purchase at night are what honest people do too.
 */
import type { FraudModel } from './fraud-scoring.js'

/** A third dear order within the hour is doubtful, as is a fifth of any amount; a fourth dear one is fraud; two in a day are neither. */
export const model1: FraudModel = {
  name: 'logistic-1',
  bias: -6,
  weights: {
    ordersLastHour: 2,
    ordersLastDay: 0.6,
    spentLastDay: 0.8,
    dear: 0.5,
    unlikeBefore: 0.7,
    hastyNewcomer: 0.8,
    instruments: 0.5,
    underpaid: 1.5,
    night: 0.3,
  },
  reviewFrom: 0.5,
  rejectFrom: 0.8,
}

/** Looks at sellers as well, makes less of the night, and sends more to a person before it rejects. */
export const model2: FraudModel = {
  name: 'logistic-2',
  bias: -6,
  weights: { ...model1.weights, ordersLastHour: 2.2, spentLastDay: 0.9, night: 0.1, sellers: 0.4 },
  reviewFrom: 0.4,
  rejectFrom: 0.9,
}
