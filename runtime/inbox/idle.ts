/** Those who wait until a host has nothing to do. */
export class Idle {
  #waiting: (() => void)[] = []

  /** Resolves at the next `tell`. */
  wait(): Promise<void> {
    return new Promise(resolve => this.#waiting.push(resolve))
  }

  tell(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const go of waiting) go()
  }
}
