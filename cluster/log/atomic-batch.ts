/**
 * Messages published to the log as one: all of them, or none. One message alone needs no batch.
 *
 * Nothing is awaited between the messages: they leave in one write, and the answer to the last one is the answer to
 * all.
 */
import { headers, type MsgHdrs, nuid } from '@nats-io/transport-node'
import type { ClusterConnection } from '../connection.js'
import { HEADER, type LogMessage } from './log-message.js'
import { whileConnected } from './while-connected.js'

/** A message and what it must follow on its subject. */
export interface ExpectingMessage {
  readonly message: LogMessage
  /** Sequence of the last message on its subject, 0 for none; undefined: whatever is there. */
  readonly follows: number | undefined
}

export type BatchOutcome =
  /** Written side by side; `first` is the sequence of the first. */
  | { readonly kind: 'stored'; readonly first: number }
  /** One of them did not follow what it must; none was written. */
  | { readonly kind: 'refused' }
  /** Written or not. */
  | { readonly kind: 'unknown'; readonly why: string }
  /** None was written, nor will be however often it is tried. */
  | { readonly kind: 'impossible'; readonly why: string }

interface PublishReply {
  readonly error?: { readonly err_code: number; readonly description: string }
  readonly seq?: number
  readonly count?: number
}

/** What the server says of an expectation that does not hold. */
const REFUSED_CODES: readonly number[] = [10071, 10164]
/** What it says of messages and batches that it will never take: too large, batches not allowed, no such header, sealed. */
const IMPOSSIBLE_CODES: readonly number[] = [10054, 10097, 10109, 10174, 10177, 10199]

/** @param ackMs how long the answer is waited for. */
export async function publishBatch(
  connection: ClusterConnection,
  messages: readonly ExpectingMessage[],
  ackMs: number,
): Promise<BatchOutcome> {
  const batch = messages.length === 1 ? undefined : nuid.next()
  try {
    const answer = await whileConnected(connection, () => {
      messages.slice(0, -1).forEach(({ message, follows }, index) => {
        connection.nc.publish(message.subject, message.body, {
          headers: headersOf(message, follows, batch, index + 1),
        })
      })
      const { message, follows } = messages.at(-1)!
      const last = headersOf(message, follows, batch, messages.length)
      if (batch !== undefined) last.set('Nats-Batch-Commit', '1')
      return connection.nc.request(message.subject, message.body, { headers: last, timeout: ackMs })
    })
    return outcomeOf(answer.json<PublishReply>(), messages.length)
  } catch (error) {
    return { kind: 'unknown', why: error instanceof Error ? error.message : String(error) }
  }
}

function headersOf(
  { headers: own }: LogMessage,
  follows: number | undefined,
  batch: string | undefined,
  place: number,
): MsgHdrs {
  const made = headers()
  if (batch !== undefined) {
    made.set('Nats-Batch-Id', batch)
    made.set('Nats-Batch-Sequence', `${place}`)
  }
  if (follows !== undefined) made.set(HEADER.expected, `${follows}`)
  for (const [name, value] of own) made.set(name, value)
  return made
}

function outcomeOf(reply: PublishReply, count: number): BatchOutcome {
  const { error, seq } = reply
  if (error !== undefined) {
    const why = `${error.description} (${error.err_code})`
    if (REFUSED_CODES.includes(error.err_code)) return { kind: 'refused' }
    return { kind: IMPOSSIBLE_CODES.includes(error.err_code) ? 'impossible' : 'unknown', why }
  }
  if (!seq || (reply.count ?? 1) !== count)
    return { kind: 'unknown', why: `answered ${JSON.stringify(reply)}` }
  return { kind: 'stored', first: seq - count + 1 }
}
