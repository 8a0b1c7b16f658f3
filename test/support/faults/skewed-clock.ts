/**
 * A process whose wall clock is wrong. The process itself calls `honourSkew` before anything else reads the time;
 * whoever forked it says by how much with `skewClock`, as often as it likes. Only `Date` is wrong: durations go on
 * as they are, as on a machine whose clock was set.
 */
import type { ChildProcess } from 'node:child_process'

/** By how much the clock is wrong from the first, milliseconds. */
const VARIABLE = 'PERDURE_TEST_CLOCK_SKEW_MS'

interface Skew {
  readonly skewClockMs: number
}

interface Skewed {
  readonly clockSkewedMs: number
  readonly now: number
}

export function honourSkew(): void {
  const wall = Date.now.bind(Date)
  let skewMs = Number(process.env[VARIABLE] ?? 0)
  Date.now = () => wall() + skewMs
  process.on('message', (message: Partial<Skew>) => {
    if (message.skewClockMs === undefined) return
    skewMs = message.skewClockMs
    process.send?.({ clockSkewedMs: skewMs, now: Date.now() } satisfies Skewed)
  })
}

/** What to start a process with whose clock is wrong from the first. */
export function skewedFromStart(skewMs: number): Readonly<Record<string, string>> {
  return { [VARIABLE]: String(skewMs) }
}

/** Resolves when the process, forked with a channel, reads the time so. */
export async function skewClock(child: ChildProcess, skewMs: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const heard = (message: Partial<Skewed>) => {
      if (message.clockSkewedMs !== skewMs) return
      leave()
      resolve()
    }
    const ended = () => {
      leave()
      reject(new Error(`process ${child.pid} ended before its clock was skewed`))
    }
    const leave = () => child.off('message', heard).off('exit', ended)
    child.on('message', heard).on('exit', ended)
    child.send({ skewClockMs: skewMs } satisfies Skew)
  })
}
