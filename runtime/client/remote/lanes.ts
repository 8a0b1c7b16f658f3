/**
 * How many commands to one actor are on their way at once, and in which order.
 *
 * Owns: who waits. An actor remembers its last `recentCommandsMax` ids, and only by these knows a command that is
 * sent again. Invariants: of the commands to an actor, at most half as many are unanswered; while one is in doubt
 * (its answer was lost, it will be sent again) no newer one is let in. So fewer than an actor remembers come between
 * the two times a command of this client arrives.
 */
import type { Address } from '../../../actors/address.js'
import { OverloadedError } from '../../../actors/errors.js'
import type { Limits } from '../../../actors/limits.js'

/** What one command holds until it is answered; left once. */
export interface Place {
  /** It may have arrived, and nobody said so: it will be sent again. */
  doubt(): void
  leave(): void
}

interface Lane {
  unanswered: number
  inDoubt: number
  readonly waiting: Array<() => void>
}

export class Lanes {
  readonly #unansweredMax: number
  readonly #waitingMax: number
  readonly #lanes = new Map<Address, Lane>()
  #waiting = 0

  constructor({ recentCommandsMax, remoteRequestsMax }: Limits) {
    this.#unansweredMax = Math.max(1, Math.floor(recentCommandsMax / 2))
    this.#waitingMax = remoteRequestsMax
  }

  /**
   * Resolves when the next command may be sent, in the order of the calls.
   * @throws OverloadedError when `remoteRequestsMax` wait, to whichever actors.
   */
  async enter(address: Address): Promise<Place> {
    const lane = this.#lanes.get(address) ?? { unanswered: 0, inDoubt: 0, waiting: [] }
    this.#lanes.set(address, lane)
    if (lane.waiting.length === 0 && this.#hasRoom(lane)) return this.#placeIn(lane, address)
    if (this.#waiting >= this.#waitingMax)
      throw new OverloadedError('commands of this client that wait for those before them', this.#waitingMax)
    this.#waiting++
    return new Promise(resolve => lane.waiting.push(() => resolve(this.#placeIn(lane, address))))
  }

  #placeIn(lane: Lane, address: Address): Place {
    let doubts = 0
    lane.unanswered++
    return {
      doubt: () => {
        lane.inDoubt += 1 - doubts
        doubts = 1
      },
      leave: () => {
        lane.unanswered--
        lane.inDoubt -= doubts
        this.#letIn(lane)
        if (lane.unanswered === 0) this.#lanes.delete(address)
      },
    }
  }

  #letIn(lane: Lane): void {
    while (lane.waiting.length > 0 && this.#hasRoom(lane)) {
      this.#waiting--
      lane.waiting.shift()!()
    }
  }

  #hasRoom({ unanswered, inDoubt }: Lane): boolean {
    return inDoubt === 0 && unanswered < this.#unansweredMax
  }
}
