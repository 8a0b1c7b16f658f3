/**
 * How far a demo is: a bar on a terminal, a plain line every few seconds where nobody can watch a bar move.
 */
import { SingleBar } from 'cli-progress'
import type { Clock } from '../../actors/clock.js'
import type { DemoProgress } from './demo.js'

const lineEveryMs = 3_000
const barEveryMs = 100

/** Where it writes; standard output is one. */
export interface Screen {
  readonly isTTY?: boolean
  write(text: string): unknown
}

export function showProgress(screen: Screen & NodeJS.WritableStream, clock: Clock): DemoProgress {
  return screen.isTTY === true ? new Bar(screen, clock) : new Lines(screen, clock)
}

type Told = Parameters<DemoProgress['update']>[0]

class Bar implements DemoProgress {
  readonly #bar: SingleBar
  readonly #screen: Screen
  readonly #clock: Clock
  #nextAt = 0

  constructor(screen: Screen & NodeJS.WritableStream, clock: Clock) {
    this.#screen = screen
    this.#clock = clock
    this.#bar = new SingleBar({
      stream: screen,
      format:
        '{bar} {percentage} % | {orders} orders | {commands} commands applied | {kills} kills | {duration_formatted}',
      barsize: 30,
      hideCursor: true,
      clearOnComplete: true,
      gracefulExit: false,
    })
  }

  begin(title: string): void {
    this.#screen.write(`${title}\n`)
    this.#bar.start(100, 0, { orders: 0, commands: 0, kills: 0 })
  }

  update({ progress, ...told }: Told): void {
    if (this.#clock.elapsed() < this.#nextAt) return
    this.#nextAt = this.#clock.elapsed() + barEveryMs
    this.#bar.update(Math.floor(progress * 100), told)
  }

  stop(): void {
    this.#bar.stop()
  }
}

class Lines implements DemoProgress {
  readonly #screen: Screen
  readonly #clock: Clock
  #nextAt = 0

  constructor(screen: Screen, clock: Clock) {
    this.#screen = screen
    this.#clock = clock
  }

  begin(title: string): void {
    this.#screen.write(`${title}\n`)
    this.#nextAt = this.#clock.elapsed() + lineEveryMs
  }

  update({ progress, orders, commands, kills }: Told): void {
    if (this.#clock.elapsed() < this.#nextAt) return
    this.#nextAt = this.#clock.elapsed() + lineEveryMs
    const percent = Math.floor(progress * 100)
    this.#screen.write(`${percent} %: ${orders} orders, ${commands} commands applied, ${kills} kills\n`)
  }

  stop(): void {}
}
