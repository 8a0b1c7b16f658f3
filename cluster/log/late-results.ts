/**
 * Results of attempts whose shard has another owner since they were begun. They come to it as what shards send each other
 * does: by its second inbox, from the shard itself. The token says whether one still counts, so it may come twice.
 */
import { headers } from '@nats-io/transport-node'
import { encode, toErrorValue } from '../../actors/codec.js'
import type { ResultCommand } from '../../actors/command.js'
import { TooLargeError, UnavailableError } from '../../actors/errors.js'
import type { Limits } from '../../actors/limits.js'
import { HEADER } from './log-message.js'
import type { LogSite } from './stream-reads.js'

/** Durable when it resolves. @throws UnavailableError */
export async function sendLate(
  { connection, ground, limits }: LogSite & { readonly limits: Limits },
  shard: number,
  result: ResultCommand,
): Promise<void> {
  const bytesMax = connection.maxPayload - limits.clusterHeadroomBytes
  const head = headers()
  head.set(HEADER.commit, result.commandId)
  try {
    await connection.js.publish(
      ground.names.sent(ground.incarnation, shard, shard),
      bodyOf(result, bytesMax),
      { headers: head, timeout: limits.clusterAckMs },
    )
  } catch (error) {
    throw new UnavailableError(
      `shard ${shard}: a late result was not stored: ${toErrorValue(error).message}`,
      result.target,
    )
  }
}

/** One too large for a message is a failure of its attempt, as one too large for a record is. */
function bodyOf(result: ResultCommand, bytesMax: number): Uint8Array {
  const body = encode([result])
  if (body.length <= bytesMax) return body
  const error = toErrorValue(new TooLargeError(result.target, 'a result', body.length, bytesMax))
  return encode([{ ...result, outcome: { status: 'error', error, retry: false } } satisfies ResultCommand])
}
