/**
 * Figures of a run: latencies in a histogram, rates by window, medians.
 */
import { build, type Histogram } from 'hdr-histogram-js'

/** Latencies, kept in microseconds with three digits. */
export class Latencies {
  readonly #histogram: Histogram = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: 600_000_000,
    numberOfSignificantValueDigits: 3,
  })

  /** A latency in milliseconds. */
  note(ms: number): void {
    this.#histogram.recordValue(Math.max(1, Math.round(ms * 1000)))
  }

  /** Milliseconds that this share of them, in percent, took at most. */
  percentile(percent: number): number {
    return round(this.#histogram.getValueAtPercentile(percent) / 1000)
  }

  get count(): number {
    return this.#histogram.totalCount
  }

  reset(): void {
    this.#histogram.reset()
  }
}

/** Three figures that mean something, whatever the size. */
export function round(value: number): number {
  if (!Number.isFinite(value) || value === 0) return value
  if (Math.abs(value) >= 1000) return Math.round(value)
  return Number(value.toPrecision(3))
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length / 2
  if (sorted.length === 0) return Number.NaN
  return sorted.length % 2 === 1 ? sorted[Math.floor(middle)]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** How often something is done a second, in several rounds of at least `ms` each: the median. */
export function ratePerSecond(rounds: number, ms: number, work: () => number): number {
  const rates: number[] = []
  for (let round = 0; round < rounds; round++) {
    const began = performance.now()
    let done = 0
    let elapsed = 0
    while (elapsed < ms) {
      done += work()
      elapsed = performance.now() - began
    }
    rates.push((done / elapsed) * 1000)
  }
  return median(rates)
}
