/** The two buckets of the members' room: who lives, and who owns which shard. Made by whoever finds them missing. */
import { JetStreamApiCodes, JetStreamApiError, jetstreamManager, type StreamInfo } from '@nats-io/jetstream'
import { type KV, Kvm } from '@nats-io/kv'
import type { NatsConnection } from '@nats-io/transport-node'
import { bucketPlan } from '../streams/stream-plans.js'

/** How long the sign stays that a member's key was removed: until every watcher has seen it. */
export const REMOVED_FOR = '600s'

/** Opens the bucket, and makes it first when there is none. Several may do so at once. */
export async function openBucket(nc: NatsConnection, bucket: string, replicas: number): Promise<KV> {
  const jsm = await jetstreamManager(nc, { checkAPI: false })
  if ((await bucketInfo(nc, bucket)) === undefined) await jsm.streams.add(bucketPlan(bucket, replicas).config)
  return await new Kvm(nc).open(bucket, { allow_direct: true })
}

/** Its stream, or undefined when there is none. */
export async function bucketInfo(nc: NatsConnection, bucket: string): Promise<StreamInfo | undefined> {
  const jsm = await jetstreamManager(nc, { checkAPI: false })
  try {
    return await jsm.streams.info(`KV_${bucket}`)
  } catch (error) {
    const { StreamNotFound } = JetStreamApiCodes
    if (error instanceof JetStreamApiError && error.code === StreamNotFound) return undefined
    throw error
  }
}

/** Whether a conditional write found another revision than it expected: nothing was written. */
export function isRevisionConflict(error: unknown): boolean {
  const codes: readonly number[] = [
    JetStreamApiCodes.StreamWrongLastSequence,
    JetStreamApiCodes.StreamWrongLastSequenceUnknown,
  ]
  return error instanceof JetStreamApiError && codes.includes(error.code)
}
