/** Waits for an answer that does not come any more once the connection is gone, and would be waited for in vain. */
import type { ClusterConnection } from '../connection.js'

/** @throws Error when the connection is not there, or goes before the answer; what the answer throws. */
export async function whileConnected<T>(connection: ClusterConnection, ask: () => Promise<T>): Promise<T> {
  if (!connection.isConnected) throw new Error('there is no connection')
  let end: (() => void) | undefined
  const gone = new Promise<never>((_, reject) => {
    end = connection.onChange(state => reject(new Error(`the connection was ${state}`)))
  })
  try {
    return await Promise.race([ask(), gone])
  } finally {
    end?.()
  }
}
