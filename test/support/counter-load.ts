/** Counters on members in processes of their own, asked evenly whatever becomes of those who answer. */
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { ChildMembers } from './child-members.js'

const PROGRAM = new URL('./counter-member.js', import.meta.url)

/** Asks evenly, and notes how long each took, by what went on when it was begun. */
export class CounterLoad {
  readonly took = new Map<string, number[]>()
  readonly failures: unknown[] = []
  readonly asked = new Map<string, number>()
  phase: string
  readonly #counters: number
  readonly #everyMs: number
  #isOver = false

  /** @param setting `everyMs`: an ask is begun every so often, whatever becomes of those before. */
  constructor(setting: { readonly counters: number; readonly everyMs: number; readonly phase: string }) {
    this.#counters = setting.counters
    this.#everyMs = setting.everyMs
    this.phase = setting.phase
  }

  async run(ask: (key: string) => Promise<unknown>): Promise<void> {
    const began = performance.now()
    const asks = new Set<Promise<void>>()
    for (let begun = 0; !this.#isOver; ) {
      for (; begun * this.#everyMs < performance.now() - began; begun++) {
        const one = this.#timed(`c-${begun % this.#counters}`, began + begun * this.#everyMs, ask)
        asks.add(one)
        void one.finally(() => asks.delete(one))
      }
      await delay(1)
    }
    await Promise.all(asks)
  }

  async #timed(key: string, beginAt: number, ask: (key: string) => Promise<unknown>): Promise<void> {
    const { phase } = this
    this.asked.set(key, (this.asked.get(key) ?? 0) + 1)
    try {
      await ask(key)
    } catch (error) {
      this.failures.push(error)
    }
    this.took.set(phase, [...(this.took.get(phase) ?? []), performance.now() - beginAt])
  }

  end(): void {
    this.#isOver = true
  }

  /** The share of asks, 0 to 1, that took no longer than what is answered, in ms. */
  at(phase: string, share: number): number {
    const sorted = [...(this.took.get(phase) ?? [])].sort((a, b) => a - b)
    return Math.round(sorted[Math.floor((sorted.length - 1) * share)] ?? 0)
  }

  told(phase: string): string {
    const at = (share: number) => `${this.at(phase, share)} ms`
    const { length } = this.took.get(phase) ?? []
    return `${phase}: ${length} asks, p50 ${at(0.5)}, p99 ${at(0.99)}, longest ${at(1)}`
  }
}

/** Members that count, gone with the test. */
export function counterMembers(
  t: Pick<TestContext, 'after'>,
  cluster: { readonly name: string; readonly shards: number; readonly replicas?: number },
) {
  const members = new ChildMembers(t, PROGRAM)
  return {
    end: (member: string, signal: NodeJS.Signals) => members.end(member, signal),
    /** Resolves once it is a member. */
    start: (member: string, servers: string | readonly string[]) =>
      members.start(member, {
        path: join(members.directory, member),
        cluster: { ...cluster, servers, member },
      }),
  }
}
