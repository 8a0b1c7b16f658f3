/**
 * JetStream's atomic batch as it is on the wire: messages under one `Nats-Batch-Id`, the last of which asks for the
 * commit. All are written before any answer is awaited; one answer settles the batch.
 */
import { headers, type NatsConnection, nuid } from '@nats-io/transport-node'

export interface BatchMessage {
  readonly subject: string
  readonly data?: string | Uint8Array
  /** The subject's last sequence, as the publisher has it. */
  readonly expected?: number
  readonly headers?: Readonly<Record<string, string>>
}

export interface BatchAnswer {
  /** The stream sequence of the last message: those before it have the ones before. */
  readonly seq: number
  readonly count?: number
  readonly error?: { readonly code: number; readonly err_code: number; readonly description: string }
}

export interface BatchPart {
  readonly id?: string
  /** The number of its first message in the batch, from 1. */
  readonly from?: number
  readonly timeoutMs?: number
}

const answerMsMax = 10_000

/** Publishes and commits. `part` continues a batch that was opened before. */
export async function commitBatch(
  nc: NatsConnection,
  messages: readonly BatchMessage[],
  { id = nuid.next(), from = 1, timeoutMs = answerMsMax }: BatchPart = {},
): Promise<BatchAnswer> {
  const last = messages.length - 1
  for (const [index, message] of messages.entries()) {
    const marked = marks(id, from + index, message)
    const data = message.data ?? ''
    if (index < last) nc.publish(message.subject, data, { headers: marked })
    else {
      marked.set('Nats-Batch-Commit', '1')
      const answer = await nc.request(message.subject, data, { headers: marked, timeout: timeoutMs })
      return answer.json<BatchAnswer>()
    }
  }
  throw new Error('a batch has at least one message')
}

/** Opens a batch with its first message, and leaves it open. The error, where the server refuses it. */
export async function openBatch(
  nc: NatsConnection,
  id: string,
  message: BatchMessage,
): Promise<BatchAnswer['error']> {
  const options = { headers: marks(id, 1, message), timeout: answerMsMax }
  const answer = await nc.request(message.subject, message.data ?? '', options)
  return answer.data.length === 0 ? undefined : answer.json<BatchAnswer>().error
}

function marks(id: string, number: number, message: BatchMessage): ReturnType<typeof headers> {
  const marked = headers()
  marked.set('Nats-Batch-Id', id)
  marked.set('Nats-Batch-Sequence', String(number))
  if (message.expected !== undefined)
    marked.set('Nats-Expected-Last-Subject-Sequence', String(message.expected))
  for (const [name, value] of Object.entries(message.headers ?? {})) marked.set(name, value)
  return marked
}
