/** Which orders' charges have begun in this process, each counted once. */
export class Begun {
  readonly #orders = new Set<string>()
  readonly #expected: number
  /** Resolves when all that are expected have begun. */
  readonly all: Promise<void>
  #resolve = () => {}

  constructor(expected: number) {
    this.#expected = expected
    this.all = new Promise(resolve => {
      this.#resolve = resolve
    })
  }

  note(orderId: string): void {
    this.#orders.add(orderId)
    if (this.#orders.size === this.#expected) this.#resolve()
  }

  get count(): number {
    return this.#orders.size
  }
}
