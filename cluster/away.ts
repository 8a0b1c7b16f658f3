/** Servers that are away for longer than somebody wants to wait for them. */
import type { Clock } from '../actors/clock.js'
import type { ClusterConnection } from './connection.js'

export interface Away {
  /** Resolves once there has been no connection for that long. */
  readonly forLong: Promise<void>
  readonly isForLong: boolean
  /** Looks no more. */
  cancel(): void
}

export function awayFor(connection: ClusterConnection, clock: Clock, ms: number): Away {
  let isForLong = false
  let stopWaiting = () => {}
  let resolve = () => {}
  const forLong = new Promise<void>(done => {
    resolve = done
  })
  const look = () => {
    stopWaiting()
    stopWaiting = connection.isConnected
      ? () => {}
      : clock.after(ms, () => {
          isForLong = true
          resolve()
        })
  }
  const stopListening = connection.onChange(look)
  look()
  return {
    forLong,
    get isForLong() {
      return isForLong
    },
    cancel() {
      stopWaiting()
      stopListening()
    },
  }
}
