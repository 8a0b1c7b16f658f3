/**
 * That an owner begins with a shard, told to all who ask things of it: what the owner before was asked, or has answered,
 * may have been lost with it. Whoever hears of it asks again at once.
 *
 * Owns nothing: a notice that is lost costs its hearers the wait they would have had without it.
 */
import type { NatsConnection, Subscription } from '@nats-io/transport-node'
import { Roster } from '../../actors/roster.js'
import type { Names } from '../names.js'

/** @param readTo sequence in the stream of commands up to which owners before have committed them. */
export type BeginningListener = (readTo: number) => void

export class Beginnings {
  readonly #nc: NatsConnection
  readonly #names: Names
  readonly #subscription: Subscription
  readonly #listeners = new Map<number, Roster<BeginningListener>>()

  constructor(nc: NatsConnection, names: Names) {
    this.#nc = nc
    this.#names = names
    this.#subscription = nc.subscribe(names.begins('*'), {
      callback: (error, { subject, data }) => {
        if (error !== null) return
        const shard = Number(subject.slice(subject.lastIndexOf('.') + 1))
        const readTo = Number(Buffer.from(data).toString())
        for (const listener of this.#listeners.get(shard)?.all() ?? []) listener(readTo)
      },
    })
  }

  /** The shard is this member's now. */
  tell(shard: number, readTo: number): void {
    if (!this.#nc.isClosed()) this.#nc.publish(this.#names.begins(shard), String(readTo))
  }

  /** The answer ends it. */
  on(shard: number, listener: BeginningListener): () => void {
    const known = this.#listeners.get(shard)
    const listeners = known ?? new Roster()
    if (known === undefined) this.#listeners.set(shard, listeners)
    return listeners.add(listener)
  }

  close(): void {
    this.#subscription.unsubscribe()
  }
}
