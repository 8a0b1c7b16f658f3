/**
 * The outside world of one order on its path: whoever is asked waits until the path says what is answered.
 * It outlives the process, and a question asked again under the same key gets the same answer.
 */
import { activity, defineActor } from '../../../machines/index.js'
import { createAgent, type Thought } from '../../../machines/lifecycles/agent.js'
import type { FraudVerdict } from '../../../machines/lifecycles/fraud-scoring.js'
import type { FraudCase } from '../../../machines/lifecycles/fraud-signals.js'
import { orderMachine } from '../../../machines/lifecycles/order.js'
import { type OrderServices, orderActivities } from '../../../machines/lifecycles/order-activities.js'
import type { RiskFeatures } from '../../../machines/lifecycles/risk-features.js'
import type { RiskProfileEvent } from '../../../machines/lifecycles/risk-profile.js'
import { type Answer, answers, type Deed } from './pipeline-moves.js'

interface Asked {
  readonly deed: Deed
  readonly key: string
  settle(answer: Answer): void
}

/** A failure that no further attempt can help, whatever the deed. */
function outOfOrder(deed: Deed): Error {
  const isUndoing = deed === 'refund' || deed === 'cancelBooking'
  return Object.assign(new Error('out of order'), { code: isUndoing ? 'AlreadyHandedOver' : 'CardDeclined' })
}

/** Attempts lost in a crash count: their number must not be what ends it. */
const untilDeclined = { retry: { attempts: 1_000, initialMs: 50, nonRetryable: ['CardDeclined'] } }

export class PipelineWorld {
  #asked: Asked[] = []
  #isWilling = false
  #answering: { readonly deed: Deed; readonly answer: Answer; key?: string } | undefined
  /** Effects by idempotency key, as `refund o-1:charge:1`. */
  readonly effects = new Set<string>()
  /** Whether the order on its way has two sellers. */
  isSplit = false

  /** The order machine, in this world. */
  readonly definition

  constructor(version = '1') {
    this.definition = this.#define(version)
  }

  #define(version: string) {
    return defineActor({
      machine: orderMachine.provide({
        actors: {
          ...orderActivities(this.#services()),
          askRiskProfile: activity(
            ({
              input: { key },
            }: {
              input: { key: string; event: RiskProfileEvent }
            }): Promise<RiskFeatures> => this.#ask('askRiskProfile', key, answers.askRiskProfile),
            untilDeclined,
          ),
          fraudAgent: createAgent<FraudCase, FraudCase, FraudVerdict>({
            id: 'fraud',
            perceive: facts => facts,
            reason: activity(
              ({ input: { purchase } }: { input: FraudCase }) =>
                this.#ask(
                  'fraudAgent',
                  purchase.customer,
                  (answer): Thought<FraudVerdict, never> => ({
                    answer: answers.fraudAgent(answer as FraudVerdict['decision']).answer,
                  }),
                ),
              untilDeclined,
            ),
            turnsMax: 1,
          }),
        },
      }),
      version,
      create: key => ({ orderId: key }),
    })
  }

  /** From now on `deed` is answered: whoever waits for it, and whoever asks the same again. */
  answer(deed: Deed, answer: Answer): void {
    this.#answering = { deed, answer }
    const waiting = this.#asked
    this.#asked = []
    for (const asked of waiting) this.#take(asked)
  }

  /** From now on whoever asks is answered well. */
  answerAll(): void {
    this.#isWilling = true
  }

  /** The answer has arrived. */
  answered(): void {
    this.#answering = undefined
  }

  /** Whoever asked is gone. */
  forget(): void {
    this.#asked = []
  }

  #take(asked: Asked): void {
    const { deed, key } = asked
    if (this.#isWilling) return asked.settle(deed === 'fraudAgent' ? 'accept' : 'ok')
    const now = this.#answering
    const isMeant = now?.deed === deed && (deed === 'bookAll' || (now.key ?? key) === key)
    if (!isMeant) {
      this.#asked.push(asked)
      return
    }
    now.key = key
    // Of several bookings the last is the one that fails.
    const isSpared = now.answer === 'fail' && deed === 'bookAll' && key.endsWith(':m-1')
    asked.settle(isSpared && this.isSplit ? 'ok' : now.answer)
  }

  #ask<Result>(deed: Deed, key: string, result: (answer: Answer) => Result): Promise<Result> {
    return new Promise((resolve, reject) => {
      const settle = (answer: Answer) => {
        if (answer === 'fail') return reject(outOfOrder(deed))
        this.effects.add(`${deed} ${key}`)
        resolve(result(answer))
      }
      this.#take({ deed, key, settle })
    })
  }

  #services(): OrderServices {
    return {
      charge: ({ key }) => this.#ask('charge', key, answers.charge),
      refund: ({ key, amount }) => this.#ask('refund', `${key} ${amount}`, answers.refund),
      notify: ({ key }) => this.#ask('notify', key, answers.notify),
      askReviewer: ({ key }) => this.#ask('askReviewer', key, answers.askReviewer),
      book: ({ key }) => this.#ask('bookAll', key, answers.bookAll),
      cancelBooking: ({ key }) => this.#ask('cancelBooking', key, answers.cancelBooking),
    }
  }
}
