/**
 * When to kill: at random moments, one in each of as many equal stretches of the input. A moment is a share
 * of the input and then some milliseconds, so that it hits whatever the process is at: stepping, committing,
 * charging, or starting again after the last time.
 */
import { Random } from './random.js'

const delayMsMax = 40
/** How soon to try again when there was nothing to kill. */
const againMs = 5

interface Moment {
  readonly progress: number
  readonly delayMs: number
}

export class KillPlan {
  readonly #moments: Moment[]
  readonly #kill: () => boolean
  #coming = 0
  #allDone: (() => void) | undefined

  /** `kill` answers whether there was something to kill. */
  constructor(kills: number, seed: number, kill: () => boolean) {
    const random = new Random(seed)
    this.#moments = Array.from({ length: kills }, (_, index) => ({
      progress: (index + random.fraction()) / kills,
      delayMs: random.fraction() * delayMsMax,
    }))
    this.#kill = kill
  }

  /** To be told how much of the input has been sent, from 0 to 1. */
  reach(progress: number): void {
    while (this.#moments.length > 0 && this.#moments[0]!.progress <= progress) {
      this.#coming++
      setTimeout(() => this.#strike(), this.#moments.shift()!.delayMs)
    }
  }

  /** Resolves once every kill that was planned has been done. */
  async done(): Promise<void> {
    this.reach(1)
    if (this.#coming > 0)
      await new Promise<void>(resolve => {
        this.#allDone = resolve
      })
  }

  #strike(): void {
    if (!this.#kill()) {
      setTimeout(() => this.#strike(), againMs)
      return
    }
    this.#coming--
    if (this.#coming === 0) this.#allDone?.()
  }
}
