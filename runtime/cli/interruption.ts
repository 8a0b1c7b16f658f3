/**
 * A person (or a script) who stops a command before its time: the signals become one AbortSignal.
 */
import { InterruptedError } from './interrupted-error.js'

/** How long work that was told to stop may take to put its things in order. */
const graceMs = 2_000

/** Runs `work` until it ends or a person stops it. @throws InterruptedError when stopped, however `work` ended then. */
export async function interruptible<Result>(work: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
  const interruption = new AbortController()
  const { signal } = interruption
  const interrupt = () => interruption.abort(new InterruptedError())
  process.once('SIGINT', interrupt)
  process.once('SIGTERM', interrupt)
  try {
    const result = await Promise.race([work(signal), afterGrace(signal)])
    signal.throwIfAborted()
    return result
  } catch (error) {
    signal.throwIfAborted()
    throw error
  } finally {
    process.off('SIGINT', interrupt)
    process.off('SIGTERM', interrupt)
  }
}

function afterGrace(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => setTimeout(() => reject(signal.reason), graceMs).unref(), {
      once: true,
    })
  })
}
