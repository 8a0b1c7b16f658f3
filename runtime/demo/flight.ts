/**
 * Commands on their way: sent and not yet settled. What has to be sent again after a crash is here, in the
 * order it was sent, and so is how long each took. A command counts from its first sending; a crash in
 * between is part of how long it took.
 *
 * Invariants: at most `max` commands are in flight; applied before settled, each once.
 */
import { build, type Histogram } from 'hdr-histogram-js'
import type { OrderCommand } from './order-record.js'

interface Sent {
  readonly command: OrderCommand
  /** Milliseconds of a steady clock. */
  readonly at: number
}

export interface FlightClock {
  /** Milliseconds of a steady clock. */
  elapsed(): number
}

export class Flight {
  readonly #max: number
  readonly #clock: FlightClock
  readonly #unapplied = new Map<string, Sent>()
  readonly #unsettled = new Map<string, Sent>()
  readonly #sendToApplied = microseconds()
  readonly #sendToSettled = microseconds()
  #waiting: (() => void)[] = []
  #applied = 0

  constructor(max: number, clock: FlightClock) {
    this.#max = max
    this.#clock = clock
  }

  get size(): number {
    return this.#unapplied.size + this.#unsettled.size
  }

  /** Commands acknowledged so far. */
  get applied(): number {
    return this.#applied
  }

  /** Resolves once `isSo`, which is asked again whenever a command moves on. */
  async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) await new Promise<void>(resolve => this.#waiting.push(resolve))
  }

  /** Resolves once one more may be sent. */
  room(): Promise<void> {
    return this.until(() => this.size < this.#max)
  }

  send(command: OrderCommand): void {
    this.#unapplied.set(command.id, { command, at: this.#clock.elapsed() })
  }

  noteApplied(id: string): void {
    const sent = this.#unapplied.get(id)
    // Acknowledged twice: it was sent again, and the first acknowledgement came through after all.
    if (sent === undefined) return
    this.#unapplied.delete(id)
    this.#unsettled.set(id, sent)
    this.#applied++
    this.#sendToApplied.recordValue(this.#microsecondsSince(sent))
    this.#move()
  }

  noteSettled(id: string): void {
    const sent = this.#unsettled.get(id)
    if (sent === undefined) return
    this.#unsettled.delete(id)
    this.#sendToSettled.recordValue(this.#microsecondsSince(sent))
    this.#move()
  }

  isUnapplied(id: string): boolean {
    return this.#unapplied.has(id)
  }

  /** To be sent again, oldest first. */
  get unapplied(): OrderCommand[] {
    return [...this.#unapplied.values()].map(({ command }) => command)
  }

  get unsettled(): OrderCommand[] {
    return [...this.#unsettled.values()].map(({ command }) => command)
  }

  get sendToAppliedMs(): Percentiles {
    return percentiles(this.#sendToApplied)
  }

  get sendToSettledMs(): Percentiles {
    return percentiles(this.#sendToSettled)
  }

  #microsecondsSince({ at }: Sent): number {
    return Math.max(1, Math.round((this.#clock.elapsed() - at) * 1000))
  }

  #move(): void {
    for (const moved of this.#waiting.splice(0)) moved()
  }
}

export interface Percentiles {
  readonly p50: number
  readonly p99: number
}

/** One microsecond to an hour, three digits. */
function microseconds(): Histogram {
  return build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: 3_600_000_000,
    numberOfSignificantValueDigits: 3,
    useWebAssembly: false,
  })
}

function percentiles(histogram: Histogram): Percentiles {
  const ms = (percentile: number) => Math.round(histogram.getValueAtPercentile(percentile) / 10) / 100
  return { p50: ms(50), p99: ms(99) }
}
