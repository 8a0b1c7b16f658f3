/**
 * Scoring a purchase by a fraud model: pure arithmetic on what is known at the purchase; the same input
 * gives the same verdict anywhere.
 */
import { type FraudCase, type SignalName, signals } from './fraud-signals.js'

export interface FraudModel {
  readonly name: string
  readonly bias: number
  /** Signals without a weight are not looked at. */
  readonly weights: Readonly<Partial<Record<SignalName, number>>>
  /** From this probability on a person decides. */
  readonly reviewFrom: number
  /** From this probability on the order is rejected. */
  readonly rejectFrom: number
}

export interface FraudVerdict {
  readonly decision: 'accept' | 'review' | 'reject'
  /** From 0 to 1, four digits. */
  readonly probability: number
  /** The signals that spoke against the order, strongest first, with what each added to `z`. */
  readonly reasons: readonly { readonly signal: SignalName; readonly weight: number }[]
  readonly model: string
}

/** Scores one purchase. */
export function scoreFraud(model: FraudModel, facts: FraudCase): FraudVerdict {
  const terms = Object.entries(model.weights).map(([name, weight]) => {
    const signal = name as SignalName
    return { signal, weight: round(weight * signals[signal](facts)) }
  })
  const z = terms.reduce((sum, term) => sum + term.weight, model.bias)
  const probability = round(1 / (1 + Math.exp(-z)))
  return {
    decision:
      probability < model.reviewFrom ? 'accept' : probability < model.rejectFrom ? 'review' : 'reject',
    probability,
    reasons: terms.filter(term => term.weight > 0).sort((a, b) => b.weight - a.weight),
    model: model.name,
  }
}

/** Four digits: enough to argue with, and free of last-bit differences between machines. */
function round(value: number): number {
  return Math.round(value * 10_000) / 10_000
}
