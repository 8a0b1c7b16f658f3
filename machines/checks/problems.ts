/**
 * What is found wrong with a definition, gathered so that one look mends all of it.
 */
import { SetupError } from '../../actors/errors.js'

export class Problems {
  readonly #subject: string
  readonly #found: string[] = []

  /** @param subject What is checked, as messages name it: `machine 'order'`. */
  constructor(subject: string) {
    this.#subject = subject
  }

  /** @param place Where in it: `state 'order.charging'`, or nothing. */
  add(place: string, problem: string): void {
    const text = place === '' ? problem : `${place}: ${problem}`
    if (!this.#found.includes(text)) this.#found.push(text)
  }

  /** @throws SetupError `InvalidDefinition` listing all that was found. */
  assertNone(): void {
    if (this.#found.length === 0) return
    const [first] = this.#found
    const message =
      this.#found.length === 1
        ? `${this.#subject}: ${first}`
        : `${this.#subject} has ${this.#found.length} problems:\n${this.#found.map(text => `- ${text}`).join('\n')}`
    throw new SetupError('InvalidDefinition', message, { subject: this.#subject, problems: this.#found })
  }
}
