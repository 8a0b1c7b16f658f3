/** Patience: what is waited for, and for how long at most. */
import type { Clock } from '../actors/clock.js'

/** Resolves with whether the work ended within that time; it is left alone otherwise. */
export async function within(clock: Clock, ms: number, work: () => Promise<void>): Promise<boolean> {
  let cancel = () => {}
  const patience = new Promise<boolean>(resolve => {
    cancel = clock.after(ms, () => resolve(false))
  })
  try {
    return await Promise.race([work().then(() => true), patience])
  } finally {
    cancel()
  }
}
