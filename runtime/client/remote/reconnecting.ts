/**
 * Waiting for a runtime that went away to be there again.
 *
 * Owns: what counts as away, how often it is looked for, when the wait is given up. Invariants: a wait ends
 * with the bound, or at once when the client is closed; what the runtime itself refused is never tried again.
 */
import type { Clock } from '../../../actors/clock.js'
import { PerdureError, UnavailableError } from '../../../actors/errors.js'
import type { Limits } from '../../../actors/limits.js'

/** One time of absence, as one request or stream lives through it. */
export interface Absence {
  /** It has answered: the next absence is a new one. */
  answered(): void
  /** Waits before the next try. @throws the error itself when it does not mean absence, or it has lasted too long. */
  endure(error: unknown): Promise<void>
}

export class Reconnecting {
  readonly #clock: Clock
  readonly #limits: Limits
  readonly #sleeping = new Set<(error: PerdureError) => void>()
  #over: PerdureError | undefined

  constructor(clock: Clock, limits: Limits) {
    this.#clock = clock
    this.#limits = limits
  }

  /** Whoever waits is told so, and nobody waits again. */
  end(error: PerdureError): void {
    this.#over = error
    for (const tell of [...this.#sleeping]) tell(error)
  }

  /** Asks again while nobody is there to answer. */
  async lasting<Result>(request: () => Promise<Result>): Promise<Result> {
    const absence = this.absence()
    for (;;) {
      if (this.#over !== undefined) throw this.#over
      try {
        return await request()
      } catch (error) {
        await absence.endure(error)
      }
    }
  }

  absence(): Absence {
    const { remoteAwayMsMax, remoteRetryInitialMs, remoteRetryMsMax } = this.#limits
    let since: number | undefined
    let delayMs = remoteRetryInitialMs
    return {
      answered: () => {
        since = undefined
        delayMs = remoteRetryInitialMs
      },
      endure: async error => {
        if (this.#over !== undefined) throw this.#over
        if (!isAway(error)) throw error
        const now = this.#clock.elapsed()
        since ??= now
        if (now - since >= remoteAwayMsMax) throw error
        await this.#sleep(delayMs)
        delayMs = Math.min(2 * delayMs, remoteRetryMsMax)
      },
    }
  }

  #sleep(delayMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const finish = (tell: () => void) => {
        cancel()
        this.#sleeping.delete(fail)
        tell()
      }
      const fail = (error: PerdureError) => finish(() => reject(error))
      const cancel = this.#clock.after(delayMs, () => finish(resolve))
      this.#sleeping.add(fail)
    })
  }
}

/** A stream that ended although it was to go on: the runtime stops. */
export function streamEnded(): PerdureError {
  return new UnavailableError('the runtime ended the stream; it stops, or was stopped')
}

/** What an actor lacks is not absence: that error names the actor. */
function isAway(error: unknown): boolean {
  return (
    error instanceof PerdureError &&
    error.code === 'Unavailable' &&
    error.retryable &&
    error.actorId === undefined
  )
}
