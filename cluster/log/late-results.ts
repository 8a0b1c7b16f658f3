/**
 * What comes of attempts whose shard has another owner since they were begun: their results, and that none will come. It
 * goes to the shard as what shards send each other does: by its second inbox, from the shard itself. The token says
 * whether a result still counts, so it may come twice; what is stored first is read first.
 */
import { headers } from '@nats-io/transport-node'
import { encode, toErrorValue } from '../../actors/codec.js'
import type { Command, ResultCommand } from '../../actors/command.js'
import { TooLargeError, UnavailableError } from '../../actors/errors.js'
import type { Limits } from '../../actors/limits.js'
import { HEADER } from './log-message.js'
import type { LogSite } from './stream-reads.js'

/** Durable when it resolves. @throws UnavailableError */
export async function sendLate(
  { connection, ground, limits }: LogSite & { readonly limits: Limits },
  shard: number,
  command: Command,
): Promise<void> {
  const bytesMax = connection.maxPayload - limits.clusterHeadroomBytes
  const head = headers()
  head.set(HEADER.commit, command.commandId)
  try {
    await connection.js.publish(
      ground.names.sent(ground.incarnation, shard, shard),
      bodyOf(command, bytesMax),
      { headers: head, timeout: limits.clusterAckMs },
    )
  } catch (error) {
    throw new UnavailableError(
      `shard ${shard}: what comes of an attempt was not stored: ${toErrorValue(error).message}`,
      command.target,
    )
  }
}

/** A result too large for a message is a failure of its attempt, as one too large for a record is. */
function bodyOf(command: Command, bytesMax: number): Uint8Array {
  const body = encode([command])
  if (body.length <= bytesMax || command.kind !== 'result') return body
  const error = toErrorValue(new TooLargeError(command.target, 'a result', body.length, bytesMax))
  return encode([{ ...command, outcome: { status: 'error', error, retry: false } } satisfies ResultCommand])
}
