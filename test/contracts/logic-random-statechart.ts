/**
 * Statecharts drawn from a seed: nested, with guards, entry and exit actions, eventless and raised
 * transitions, history and final states; parallel ones if wanted.
 */
import { type AnyStateMachine, assign, createMachine, emit, raise } from 'xstate'
import { randomBits } from '../../machines/random.js'

export const eventTypes = ['A', 'B', 'C', 'D'] as const

interface Context {
  readonly n: number
  readonly log: readonly string[]
}

/** What custom actions were run, in order; whoever compares empties it. */
export const ran: string[] = []

export function randomStatechart(seed: number, parallel: boolean): AnyStateMachine {
  return createMachine(new Drawing(seed, parallel).root() as never)
}

class Drawing {
  readonly #bits: () => number
  readonly #parallel: boolean
  readonly #ids: string[] = []

  constructor(seed: number, parallel: boolean) {
    this.#bits = randomBits(seed)
    this.#parallel = parallel
  }

  root(): object {
    const config = this.#state('m', 0)
    this.#connect(config)
    const options = { maxIterations: 60 }
    const output = ({ context }: { context: Context }) => context.n
    return { ...config, context: { n: 0, log: [] }, options, output }
  }

  #state(id: string, depth: number): Record<string, unknown> {
    if (depth > 0) this.#ids.push(id)
    const config: Record<string, unknown> = {
      id,
      entry: [this.#action(`+${id}`)],
      exit: [this.#action(`-${id}`)],
    }
    const inner = depth === 0 || (depth < 3 && this.#chance(0.45))
    if (!inner) return config
    const keys = Array.from({ length: 2 + this.#below(2) }, (_, index) => `${id}${index}`)
    const states: Record<string, unknown> = Object.fromEntries(
      keys.map(key => [key, this.#state(key, depth + 1)]),
    )
    const parallel = this.#parallel && this.#chance(0.4)
    if (this.#chance(0.4)) {
      const history = this.#chance(0.5) ? 'deep' : 'shallow'
      states[`${id}h`] = {
        type: 'history',
        history,
        id: `${id}h`,
        ...(!parallel && this.#chance(0.5) && { target: keys[0] }),
      }
      this.#ids.push(`${id}h`)
    }
    if (!parallel && this.#chance(0.35)) {
      states[`${id}f`] = { type: 'final', id: `${id}f` }
      this.#ids.push(`${id}f`)
      if (depth > 0) config.onDone = { actions: this.#action(`done ${id}`) }
    }
    return {
      ...config,
      states,
      ...(parallel ? { type: 'parallel' } : { initial: keys[this.#below(keys.length)] }),
    }
  }

  /** Transitions, once all ids are known. */
  #connect(config: Record<string, unknown>): void {
    config.on = Object.fromEntries(
      eventTypes
        .filter(() => this.#chance(0.45))
        .map(type => [type, this.#chance(0.1) ? undefined : [this.#transition(), this.#transition()]]),
    )
    if (this.#chance(0.2)) config.always = { ...this.#transition(), guard: this.#guard(5) }
    for (const state of Object.values((config.states ?? {}) as Record<string, Record<string, unknown>>))
      if (state.type !== 'final' && state.type !== 'history') this.#connect(state)
  }

  #transition(): Record<string, unknown> {
    const target = this.#ids[this.#below(this.#ids.length)]
    return {
      ...(this.#chance(0.85) && { target: `#${target}` }),
      ...(this.#chance(0.4) && { guard: this.#guard(3) }),
      ...(this.#chance(0.3) && { reenter: true }),
      actions: [
        this.#action(`to ${target}`),
        ...(this.#chance(0.15) ? [raise({ type: this.#event() })] : []),
      ],
    }
  }

  #action(word: string): unknown {
    const draw = this.#below(4)
    if (draw === 0) return emit({ type: word } as never)
    if (draw === 1) return () => ran.push(word)
    const by = 1 + this.#below(3)
    return assign({
      n: ({ context }: { context: Context }) => context.n + by,
      log: ({ context }: { context: Context }) => [...context.log.slice(-5), word],
    } as never)
  }

  #guard(modulus: number): (given: { context: Context }) => boolean {
    const rest = this.#below(modulus)
    return ({ context }) => context.n % modulus === rest
  }

  #event(): string {
    return eventTypes[this.#below(eventTypes.length)] as string
  }

  #below(count: number): number {
    return this.#bits() % count
  }

  #chance(of: number): boolean {
    return this.#bits() / 2 ** 32 < of
  }
}
