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
    let stopHeeding = nothing
    let cancelAlarm = nothing
    let stopListening = nothing
    let stop = nothing
    /** Whether it was the first to end the wait. */
    const end = (): boolean => {
      if (ended) return false
      ended = true
      cancelAlarm()
      stopListening()
      stopHeeding()
      stop()
      return true
    }
    const fail = (error: unknown) => {
      if (end()) reject(error)
    }
    if (signal !== undefined) stopHeeding = heed(signal, fail)
    cancelAlarm = clock.after(timeoutMs, () => fail(options.timedOut()))
    stopListening = options.onEnd(fail)
    try {
      stop = begin(result => {
        if (end()) resolve(result)
      }, fail)
    } catch (error) {
      fail(error)
    }
    // It ended while it began: what `begin` answered was not there to be called yet.
    if (ended) stop()
  })
}

function heed(signal: AbortSignal, fail: (error: unknown) => void): () => void {
  const onAbort = () => fail(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  return () => signal.removeEventListener('abort', onAbort)
}

const nothing = () => {}
