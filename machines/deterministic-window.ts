/**
 * Clock and randomness while a step runs: `Date`, `Date.now`, `performance.now`, `Math.random`,
 * `crypto.randomUUID` and `crypto.getRandomValues` are answered from the command, so code in a machine may
 * call them and still give the same when the entry is folded again.
 *
 * Does not cover what was bound before (`import { randomUUID } from 'node:crypto'`), `process.hrtime`,
 * `Intl` and the environment: `verify` finds those. Invariants: outside a window the globals are what they
 * were, also after a throw, and what a step kept of its own answers for real; a window within a window answers from the inner context, then from the outer again.
 * Inside, time stands still at `at`, and `performance.now` says `at` too: only differences mean something.
 */
import { type RandomBits, randomBits, randomFraction, randomUuid } from './random.js'

/** What a window answers from: a StepContext has it. */
export interface WindowContext {
  /** Milliseconds since 1970. */
  readonly at: number
  /** 32 bits. */
  readonly seed: number
}

const RealDate = Date
const realRandom = Math.random
const realUuid = crypto.randomUUID
const realValues = crypto.getRandomValues
const realNow = performance.now
// Reading these globals runs a getter each time; the objects behind them never change.
const platformCrypto = globalThis.crypto
const platformPerformance = globalThis.performance
let current: WindowContext | undefined
let bits: RandomBits | undefined

/** Runs `task`, which must be synchronous, with clock and randomness answered from `context`. */
export function runDeterministically<Result>(context: WindowContext, task: () => Result): Result {
  const outer = openWindow(context)
  try {
    return task()
  } finally {
    closeWindow(outer)
  }
}

/** What a window found when it opened, to be put back. */
export interface WindowFrame {
  readonly context: WindowContext | undefined
  readonly bits: RandomBits | undefined
  readonly date: DateConstructor
  readonly random: () => number
  readonly now: () => number
  readonly uuid: typeof crypto.randomUUID
  readonly values: typeof crypto.getRandomValues
}

/** `runDeterministically` in two halves, for the hot path. Every open must be closed, in a `finally`. */
export function openWindow(context: WindowContext): WindowFrame {
  const frame: WindowFrame = {
    context: current,
    bits,
    date: globalThis.Date,
    random: Math.random,
    now: platformPerformance.now,
    uuid: platformCrypto.randomUUID,
    values: platformCrypto.getRandomValues,
  }
  current = context
  bits = undefined
  globalThis.Date = WindowDate
  Math.random = random
  platformPerformance.now = elapsed
  platformCrypto.randomUUID = uuid
  platformCrypto.getRandomValues = values
  return frame
}

export function closeWindow(frame: WindowFrame): void {
  current = frame.context
  bits = frame.bits
  globalThis.Date = frame.date
  Math.random = frame.random
  platformPerformance.now = frame.now
  platformCrypto.randomUUID = frame.uuid
  platformCrypto.getRandomValues = frame.values
}

function now(): number {
  return current === undefined ? RealDate.now() : current.at
}

function elapsed(): number {
  return current === undefined ? realNow.call(platformPerformance) : current.at
}

/** Undefined outside of a window. */
function nextBits(): RandomBits | undefined {
  if (current !== undefined) bits ??= randomBits(current.seed)
  return bits
}

function random(): number {
  const next = nextBits()
  return next === undefined ? realRandom() : randomFraction(next)
}

function uuid(): ReturnType<typeof crypto.randomUUID> {
  const next = nextBits()
  return next === undefined
    ? realUuid.call(platformCrypto)
    : (randomUuid(next) as ReturnType<typeof crypto.randomUUID>)
}

const RANDOM_BYTES_MAX = 65_536

function values<View extends ArrayBufferView | null>(view: View): View {
  if (!ArrayBuffer.isView(view) || view instanceof Float32Array || view instanceof Float64Array)
    throw new TypeError('crypto.getRandomValues expects an integer typed array')
  if (view.byteLength > RANDOM_BYTES_MAX)
    throw new RangeError(
      `crypto.getRandomValues fills at most ${RANDOM_BYTES_MAX} bytes, not ${view.byteLength}`,
    )
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength)
  const next = nextBits()
  if (next === undefined) {
    realValues.call(platformCrypto, view as never)
    return view
  }
  let word = 0
  for (let index = 0; index < bytes.length; index++) {
    word = index % 4 === 0 ? next() : word >>> 8
    bytes[index] = word & 0xff
  }
  return view
}

/** `Date` with the window's now. Its instances are real dates: same prototype, same class for `instanceof`. */
const WindowDate = function WindowDate(this: unknown, ...parts: unknown[]): Date | string {
  if (new.target === undefined) return new RealDate(now()).toString()
  const target = new.target === WindowDate ? RealDate : new.target
  return Reflect.construct(RealDate, parts.length === 0 ? [now()] : parts, target) as Date
} as unknown as DateConstructor

Object.defineProperties(WindowDate, {
  name: { value: 'Date' },
  length: { value: 7 },
  prototype: { value: RealDate.prototype, writable: false },
  now: { value: now, writable: true, configurable: true },
  parse: { value: RealDate.parse, writable: true, configurable: true },
  UTC: { value: RealDate.UTC, writable: true, configurable: true },
})
