/**
 * What has arrived and was not taken yet: deliveries in the order of their messages, though the checks at the door
 * may take their time, each its own.
 */

import { type PerdureError, UnavailableError } from '../../actors/errors.js'
import type { Delivery } from '../../actors/inbox.js'

/** What the door says of a command: nothing, or what is wrong with it. */
export type Verdict = PerdureError | undefined | Promise<PerdureError | undefined>

interface Arrival {
  delivery: Delivery
  isChecked: boolean
}

export class Arrivals {
  readonly #onReady: () => void
  #arrived: Arrival[] = []
  /** Of the list, what was taken already. */
  #taken = 0
  /** Of the list, how far it may be taken. */
  #ready = 0
  #bytes = 0
  #isOver = false

  /** @param onReady called when there is more to be taken. */
  constructor(onReady: () => void) {
    this.#onReady = onReady
  }

  /** What may be taken. */
  get ready(): number {
    return this.#ready - this.#taken
  }

  /** What is held, ready or not. */
  get held(): number {
    return this.#arrived.length - this.#taken
  }

  get bytes(): number {
    return this.#bytes
  }

  push(delivery: Delivery, verdict: Verdict): void {
    if (this.#isOver) return
    const arrival: Arrival = { delivery, isChecked: false }
    this.#arrived.push(arrival)
    this.#bytes += delivery.bytes
    if (!(verdict instanceof Promise)) return this.#check(arrival, verdict)
    verdict.then(
      refusal => this.#check(arrival, refusal),
      (error: unknown) => this.#check(arrival, unchecked(delivery, error)),
    )
  }

  take(max: number): readonly Delivery[] {
    const end = Math.min(this.#ready, this.#taken + max)
    const taken = this.#arrived.slice(this.#taken, end).map(one => one.delivery)
    this.#taken = end
    for (const { bytes } of taken) this.#bytes -= bytes
    if (this.#taken === this.#arrived.length || this.#taken >= 1_024) this.#forgetTaken()
    return taken
  }

  /** Drops what is there and all that comes. */
  end(): void {
    this.#isOver = true
    this.#arrived = []
    this.#taken = 0
    this.#ready = 0
    this.#bytes = 0
  }

  #check(arrival: Arrival, refusal: PerdureError | undefined): void {
    if (refusal !== undefined) arrival.delivery = { ...arrival.delivery, refusal }
    arrival.isChecked = true
    const before = this.#ready
    while (this.#arrived[this.#ready]?.isChecked === true) this.#ready++
    if (this.#ready > before) this.#onReady()
  }

  #forgetTaken(): void {
    this.#arrived = this.#arrived.slice(this.#taken)
    this.#ready -= this.#taken
    this.#taken = 0
  }
}

/** The door threw: the command is refused, and nothing of it lost. */
function unchecked({ command }: Delivery, error: unknown): PerdureError {
  const reason = error instanceof Error ? error.message : String(error)
  return new UnavailableError(`its check at the door failed: ${reason}`, command.target)
}
