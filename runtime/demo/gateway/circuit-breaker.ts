/**
 * A circuit breaker before the gateway: when most requests fail nobody is let through for a while, then one
 * request as a probe; if that fails the while is longer, if not everybody passes. Who is turned away gets
 * BrokenCircuit, an error like any other to an activity: its own retries do the waiting.
 *
 * One a process, and gone with it: a process that starts again finds out for itself. A refusal, such as a
 * declined card, is an answer, not a failure.
 */
import {
  BrokenCircuitError,
  CircuitState,
  circuitBreaker,
  ExponentialBackoff,
  handleWhen,
  SamplingBreaker,
} from 'cockatiel'
import { RefusedError } from './gateway-client.js'

/**
 * It opens when more than this share fails, over some seconds with so many requests a second. Not after so
 * many failures in a row: many requests that were sent together time out together, beside as many that are
 * answered, and such a gateway is worth asking.
 */
const failing = { threshold: 0.6, duration: 5_000, minimumRps: 2 }

/** How long it stays open: the first time, and at most. */
const openMs = { initialDelay: 100, maxDelay: 2_000 }

const names = {
  [CircuitState.Closed]: 'closed',
  [CircuitState.Open]: 'open',
  [CircuitState.HalfOpen]: 'half open',
  [CircuitState.Isolated]: 'open',
} as const

export type CircuitName = (typeof names)[CircuitState]

/** The gateway was not asked: it failed too often just now. */
class CircuitOpenError extends Error {
  readonly code = 'BrokenCircuit'

  constructor() {
    super('gateway: not asked, since its circuit is open')
    this.name = 'CircuitOpenError'
  }
}

export class CircuitBreaker {
  readonly #policy = circuitBreaker(
    handleWhen(error => !(error instanceof RefusedError)),
    { breaker: new SamplingBreaker(failing), halfOpenAfter: new ExponentialBackoff(openMs) },
  )

  /** Told of each change of its state. */
  constructor(onChange: (state: CircuitName) => void) {
    this.#policy.onStateChange(state => onChange(names[state]))
  }

  get state(): CircuitName {
    return names[this.#policy.state]
  }

  /** @throws CircuitOpenError when it is open, or what the call throws. */
  async run<Result>(call: () => Promise<Result>): Promise<Result> {
    try {
      return await this.#policy.execute(call)
    } catch (error) {
      throw error instanceof BrokenCircuitError ? new CircuitOpenError() : error
    }
  }
}
