/** The bounds of a member of a cluster, and of whoever asks it; part of `Limits`. */
export interface ClusterLimits {
  /** Its members: what a heartbeat proves, and how much sooner its holder stops to rely on it than others do. */
  readonly leaseMs: number
  readonly leaseMarginMs: number
  /** How far a member's wall clock may be from the servers'; one further off may not own. */
  readonly clockSkewMsMax: number
  /** Shards a member takes over from living ones, and hands to them, at once. */
  readonly shardMovesMax: number
  /** How long a member that leaves waits for its shards to be taken. */
  readonly leaveMsMax: number
  /** How long a member that stops waits for servers that are away: then it ends, and others find out by its lease. */
  readonly stopAwayMsMax: number
  /** Times a write to the table of shards is made again on what it has become meanwhile. */
  readonly shardWritesMax: number

  /** Its connection: how long a server may take to answer the first time, the wait between tries, the pings that find a dead one. */
  readonly clusterConnectMs: number
  readonly clusterReconnectMs: number
  readonly clusterPingMs: number
  /** Its log: how long an answer is waited for before the same is sent or asked again, and the wait before that. */
  readonly clusterAckMs: number
  readonly clusterRetryMs: number
  /** Messages and bytes that one atomic batch gathers (the server takes no more messages), and batches on their way at once. */
  readonly clusterBatchMessagesMax: number
  readonly clusterBatchBytesMax: number
  readonly clusterBatchesMax: number
  /** Bytes of one commit with all that leaves with it. */
  readonly clusterCommitBytesMax: number
  /** Bytes of a message that are left to its subject and headers. */
  readonly clusterHeadroomBytes: number
  /** Bytes of the log that a reader of commits asks for ahead, and how long a replica that lags behind a position is waited for. */
  readonly clusterReadAheadBytes: number
  readonly clusterLagMsMax: number
  /** Commands, and their bytes, that one inbox of a shard reads ahead, and how often its stream says that it is there. */
  readonly clusterInboxCommandsMax: number
  readonly clusterInboxBytesMax: number
  readonly clusterInboxHeartbeatMs: number
  /** How often commands that were taken are purged from their stream, and how many messages of it one shard's purge must be worth. */
  readonly commandsPurgeMs: number
  readonly commandsPurgeSpan: number
  /** How long a shard of a log that was made anew waits for members whose journals are longer. */
  readonly logRemadeWaitMs: number
  /** How long the owner of a shard keeps a follower waiting for the next state before it answers that there is none. */
  readonly changesWaitMs: number
  /** How long whoever asks the owner of a shard waits for one, while there is none. */
  readonly shardAwayMsMax: number
  /** How long a shard that could not be brought up here is left alone. */
  readonly shardRetryMs: number
  /** How long the owner of a shard that is handed over may take to step and commit what it has in hand. */
  readonly handOverMsMax: number
  /** How long a command's answer is waited for before it is appended again, at first and at the most. */
  readonly clusterAnswerMs: number
  readonly clusterAnswerMsMax: number
  /** How often a member that was given a shard tries to begin after the last commit of the owner before. */
  readonly claimTriesMax: number
}

export const clusterLimits: ClusterLimits = {
  leaseMs: 3_000,
  leaseMarginMs: 200,
  clockSkewMsMax: 2_000,
  shardMovesMax: 4,
  leaveMsMax: 10_000,
  stopAwayMsMax: 2_000,
  shardWritesMax: 8,

  clusterConnectMs: 5_000,
  clusterReconnectMs: 100,
  clusterPingMs: 5_000,
  clusterAckMs: 1_000,
  clusterRetryMs: 50,
  clusterBatchMessagesMax: 1_000,
  clusterBatchBytesMax: 8 * 1024 * 1024,
  clusterBatchesMax: 2,
  clusterCommitBytesMax: 64 * 1024 * 1024,
  clusterHeadroomBytes: 4 * 1024,
  clusterReadAheadBytes: 8 * 1024 * 1024,
  clusterLagMsMax: 2_000,
  clusterInboxCommandsMax: 1_024,
  clusterInboxBytesMax: 4 * 1024 * 1024,
  clusterInboxHeartbeatMs: 1_000,
  commandsPurgeMs: 10_000,
  commandsPurgeSpan: 50_000,
  logRemadeWaitMs: 3_000,
  changesWaitMs: 5_000,
  shardAwayMsMax: 5_000,
  shardRetryMs: 1_000,
  handOverMsMax: 1_000,
  clusterAnswerMs: 5_000,
  clusterAnswerMsMax: 20_000,
  claimTriesMax: 10,
}
