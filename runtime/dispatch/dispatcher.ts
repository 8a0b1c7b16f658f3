/**
 * Lets out what a durable commit holds, in the order that `Commit` states: answers, followers and published
 * events, custom actions, attempts.
 */
import { toErrorValue } from '../../actors/codec.js'
import type { Answer } from '../../actors/inbox.js'
import type { Journal } from '../../actors/journal.js'
import type { Limits } from '../../actors/limits.js'
import type { Batch, DueAnswer } from '../commit/batch.js'
import { lifeAt } from '../commit/history.js'
import type { Bindings } from '../step/bindings.js'
import type { Act } from '../step/draft.js'
import { snapshotOf } from '../step/life.js'
import type { ActivityRunner } from './activity-runner.js'
import type { Followers } from './followers.js'

export interface DispatcherSite {
  readonly journal: Journal
  readonly bindings: Bindings
  readonly limits: Limits
  readonly followers: Followers
  readonly runner: ActivityRunner
  warn(facts: object, message: string): void
}

export class Dispatcher {
  readonly #site: DispatcherSite

  constructor(site: DispatcherSite) {
    this.#site = site
  }

  dispatch(batch: Batch, now: number): void {
    const { followers, runner } = this.#site
    for (const due of batch.answers) this.#answer(due)
    followers.tellSteps(batch.entries, batch.stepped)
    followers.tellPublished(batch.published)
    for (const act of batch.acts) this.#act(act)
    for (const life of batch.lives.values()) runner.reconcile(life, now)
  }

  #answer({ delivery, answer, repeatOf }: DueAnswer): void {
    if (repeatOf === undefined || !('applied' in answer)) return delivery.settle(answer)
    try {
      delivery.settle(this.#asFirstAnswered(answer, repeatOf))
    } catch (error) {
      // History that cannot be read is no reason to leave anyone without an answer.
      this.#site.warn(
        { actor: repeatOf.address, error: toErrorValue(error) },
        'a repeated command is answered with the present state',
      )
      delivery.settle(answer)
    }
  }

  #asFirstAnswered(
    answer: Extract<Answer, { applied: unknown }>,
    repeatOf: NonNullable<DueAnswer['repeatOf']>,
  ): Answer {
    const { journal, bindings, limits } = this.#site
    // The same answer as the first time, as long as a snapshot near it is kept; the loop waits for the fold.
    const base = journal.recordAt(repeatOf.address, repeatOf.seq)
    const isFar = repeatOf.seq - (base?.seq ?? 0) > limits.repeatFoldEntriesMax
    if (isFar) return answer
    const then = lifeAt(repeatOf.address, repeatOf.seq, journal, bindings, limits)
    if (then === undefined || then.record.seq !== repeatOf.seq) return answer
    const { version, at, state } = then.record
    return { ok: true, applied: { ...answer.applied, version, at, state, snapshot: snapshotOf(then) } }
  }

  /** Custom actions are best effort: one that fails is said so, and changes nothing. */
  #act({ address, name, run }: Act): void {
    const failed = (error: unknown) =>
      this.#site.warn({ actor: address, action: name, error: toErrorValue(error) }, 'a custom action failed')
    try {
      const result: unknown = run()
      if (result instanceof Promise) result.catch(failed)
    } catch (error) {
      failed(error)
    }
  }
}
