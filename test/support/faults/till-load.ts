/**
 * Clients of tills that never stop: each sends its till one command after the other, the next once the last was
 * answered, reads it in between, and notes all it was told.
 */
import { setTimeout as delay } from 'node:timers/promises'
import type { Client } from '../../../runtime/index.js'
import { PerdureError } from '../../../runtime/index.js'
import { until } from '../until.js'
import { tillOf } from './till.js'

const till = tillOf()
const PAY_EVERY = 3
/** How long one who was refused waits. */
const AGAIN_MS = 25

/** A command whose sender was told that it is applied, and what the state was then. */
export interface Acknowledged {
  readonly address: string
  readonly id: string
  readonly position: number
  readonly seq: number
  readonly added: number
}

/** A state that somebody was shown. */
export interface Shown {
  readonly address: string
  readonly seq: number
  readonly added: number
}

export class TillLoad {
  readonly acknowledged: Acknowledged[] = []
  readonly shown: Shown[] = []
  /** Codes of what the clients were told instead of an answer; they sent the same again. */
  readonly troubles: string[] = []
  readonly #client: Client
  readonly #tallies: number
  /** When the last command that was answered had been sent, of each till. */
  readonly #served = new Map<string, number>()
  readonly #clients: Promise<void>[]
  #isOver = false
  #isAbandoned = false

  constructor(client: Client, { tills = 16, tallies = 4 } = {}) {
    this.#client = client
    this.#tallies = tallies
    this.#clients = Array.from({ length: tills }, (_, n) => this.#drive(`t${n}`, n))
  }

  get tallies(): string[] {
    return Array.from({ length: this.#tallies }, (_, n) => `y${n}`)
  }

  get tills(): string[] {
    return [...this.#served.keys()]
  }

  /** Milliseconds until every till has answered a command sent from now on. */
  async served(msMax = 40_000): Promise<number> {
    const since = performance.now()
    await until(() => ([...this.#served.values()].every(sentAt => sentAt >= since) ? true : undefined), msMax)
    return Math.round(performance.now() - since)
  }

  /** No more is sent; resolves once all is answered and no till works any more. */
  async end(): Promise<void> {
    this.#isOver = true
    await Promise.all(this.#clients)
    for (const key of this.tills) {
      const one = this.#client.actor(till, key)
      await until(async () => ((await one.getSnapshot())?.matches('idle') ? true : undefined), 30_000)
    }
  }

  /** Nobody is served any more: what is not answered is left. */
  abandon(): void {
    this.#isOver = true
    this.#isAbandoned = true
  }

  async #drive(key: string, n: number): Promise<void> {
    const one = this.#client.actor(till, key)
    this.#served.set(key, 0)
    for (let round = 0; !this.#isOver; round++) {
      const event =
        (round + n) % PAY_EVERY === 0
          ? ({ type: 'PAY' } as const)
          : ({ type: 'ADD', tally: `y${(round + n) % this.#tallies}` } as const)
      await this.#told(key, () => one.ask(event, { id: `${key}.${round}` }), `${key}.${round}`)
      const seen = await one.getSnapshot().catch((error: unknown) => this.#trouble(error))
      if (seen !== undefined) this.shown.push({ address: one.id, seq: seen.seq, added: seen.context.added })
    }
  }

  /** The same command until it is answered. */
  async #told(
    key: string,
    send: () => ReturnType<ReturnType<Client['actor']>['ask']>,
    id: string,
  ): Promise<void> {
    while (!this.#isAbandoned) {
      const sentAt = performance.now()
      try {
        const { position, snapshot } = await send()
        const { seq, context } = snapshot as unknown as { seq: number; context: { added: number } }
        this.acknowledged.push({ address: `till/${key}`, id, position, seq, added: context.added })
        this.#served.set(key, sentAt)
        return
      } catch (error) {
        this.#trouble(error)
        await delay(AGAIN_MS)
      }
    }
  }

  #trouble(error: unknown): undefined {
    if (!(error instanceof PerdureError)) throw error
    this.troubles.push(error.code)
  }
}
