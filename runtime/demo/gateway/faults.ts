/**
 * How badly a gateway behaves: knobs for whoever wants to see what becomes of orders then. Written
 * `timeout=0.3,5xx=0.1,latency=20` on a command line, the same names and numbers in a JSON object.
 */
import { SetupError } from '../../../actors/errors.js'

/** Shares are of requests, from 0 to 1; those of `timeout`, `5xx`, `hang` and `drop` together at most 1. */
export interface GatewayFaults {
  /** Milliseconds before anything is done or said. */
  readonly latency: number
  /** Up to so many milliseconds more. */
  readonly spread: number
  /** Money moves, and the answer comes when nobody waits for it any more, or never. */
  readonly timeout: number
  /** Nothing moves; answered 503. */
  readonly '5xx': number
  /** Nothing moves, and no answer comes. */
  readonly hang: number
  /** The connection breaks, for half of them after the money moved. */
  readonly drop: number
  /** Of keys, not of requests: a card that is declined once is declined always. */
  readonly decline: number
  /** What decides whom it meets. */
  readonly seed: number
}

export type FaultName = keyof GatewayFaults

export const noFaults: GatewayFaults = {
  latency: 0,
  spread: 0,
  timeout: 0,
  '5xx': 0,
  hang: 0,
  drop: 0,
  decline: 0,
  seed: 1,
}

const inMs: readonly string[] = ['latency', 'spread']
const shared: readonly FaultName[] = ['timeout', '5xx', 'hang', 'drop']

/** Patience with an answer, beyond how long answers usually take. */
const patienceMs = 500

/** How long whoever asks waits for an answer, milliseconds. */
export function answerMsMax({ latency, spread }: GatewayFaults): number {
  return latency + spread + patienceMs
}

/**
 * Faults as written: `name=number`, with commas between.
 * @throws SetupError `InvalidDefinition` that says what was expected.
 */
export function parseFaults(text: string): Partial<GatewayFaults> {
  const pairs = text
    .split(',')
    .filter(part => part.trim() !== '')
    .map(part => {
      const [name = '', number = ''] = part.split('=').map(one => one.trim())
      return [name, number === '' ? Number.NaN : Number(number)] as const
    })
  const given = Object.fromEntries(pairs)
  faultsWith(noFaults, given)
  return given
}

/**
 * The faults, some of them replaced.
 * @throws SetupError `InvalidDefinition` for a name there is none of, or a number that cannot be.
 */
export function faultsWith(before: GatewayFaults, given: Readonly<Record<string, unknown>>): GatewayFaults {
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(noFaults, name)) throw wrong(`one of ${Object.keys(noFaults).join(', ')}`, `'${name}'`)
    const isShare = !inMs.includes(name) && name !== 'seed'
    if (typeof value !== 'number' || !(value >= 0) || value > (isShare ? 1 : Number.MAX_SAFE_INTEGER))
      throw wrong(
        `${name}= with ${isShare ? 'a share from 0 to 1' : inMs.includes(name) ? 'milliseconds' : 'a number'}`,
        String(value),
      )
  }
  const faults = { ...before, ...given }
  const sum = shared.reduce((total, name) => total + faults[name], 0)
  if (sum > 1 + Number.EPSILON) throw wrong(`${shared.join(', ')} together at most 1`, String(sum))
  return faults
}

function wrong(expected: string, found: string): SetupError {
  return new SetupError('InvalidDefinition', `gateway faults: expected ${expected}, found ${found}`, {
    found,
  })
}
