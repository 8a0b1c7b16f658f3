/**
 * The process's own metrics: memory, garbage collection, lag of the event loop. What they listen to is the
 * process's and cannot be let go of again, so all runtimes of a process share them.
 */
import { collectDefaultMetrics, Registry } from 'prom-client'

let shared: Registry | undefined

export function processMetrics(): Registry {
  if (shared === undefined) {
    shared = new Registry()
    collectDefaultMetrics({ register: shared })
  }
  return shared
}
