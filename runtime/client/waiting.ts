/**
 * A wait that always ends: with what was waited for, a time-out, the caller's signal, or the end of the runtime.
 */
import type { Clock } from '../../actors/clock.js'

export interface WaitOptions {
  readonly clock: Clock
  readonly timeoutMs: number
  readonly signal: AbortSignal | undefined
  /** Told when what is waited for cannot come any more; the answer ends the telling. */
  onEnd(listener: (error: Error) => void): () => void
  /** The error that a time-out ends with. */
  timedOut(): Error
}

/** Gives `begin` what ends the wait; `begin` answers how to stop waiting. */
export function wait<Result>(
  options: WaitOptions,
  begin: (resolve: (result: Result) => void, reject: (error: unknown) => void) => () => void,
): Promise<Result> {
  return new Promise((resolve, reject) => {
    const { clock, timeoutMs, signal } = options
    if (signal?.aborted === true) return reject(signal.reason)
    let ended = false
    const stops: (() => void)[] = []
    const finish = (tell: () => void) => {
      if (ended) return
      ended = true
      for (const stop of stops) stop()
      tell()
    }
    const fail = (error: unknown) => finish(() => reject(error))
    const onAbort = () => fail(signal?.reason)
    signal?.addEventListener('abort', onAbort, { once: true })
    stops.push(
      () => signal?.removeEventListener('abort', onAbort),
      clock.after(timeoutMs, () => fail(options.timedOut())),
      options.onEnd(fail),
    )
    try {
      stops.push(begin(result => finish(() => resolve(result)), fail))
    } catch (error) {
      fail(error)
    }
    if (ended) stops.at(-1)?.()
  })
}
