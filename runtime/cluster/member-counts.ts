/** How often shards came to a member, and left it, since it began: for its metrics. */
import type { ClusterConnection } from '../../cluster/index.js'

export class MemberCounts {
  /** Taken over from an owner that was dead. */
  takenFromDead = 0
  /** Taken from an owner that gave them up in order, or from nobody. */
  takenInOrder = 0
  /** Given up in order. */
  given = 0
  /** Lost to another member, to a failure or with the lease. */
  lost = 0
  /** Connections to the servers that came back. */
  reconnects = 0

  /** Counts until the answer is called. */
  follow(connection: Pick<ClusterConnection, 'onChange'>): () => void {
    return connection.onChange(state => {
      if (state === 'connected') this.reconnects++
    })
  }

  taken(wasKilled: boolean): void {
    if (wasKilled) this.takenFromDead++
    else this.takenInOrder++
  }
}
