/**
 * What messages of the log look like: their headers, and the hash that a position in it is known by.
 *
 * Invariants: the messages on a shard's commit subject form a chain, for the first of each commit says which message
 * it follows; the chunks of a commit stand side by side.
 */
import { createHash } from 'node:crypto'
import type { LogPosition } from '../../actors/journal.js'
import { journalSubject } from '../names.js'

export const HEADER = {
  /** Unique for each commit and claim, whoever makes it. */
  commit: 'Perdure-Commit',
  kind: 'Perdure-Kind',
  epoch: 'Perdure-Epoch',
  member: 'Perdure-Member',
  /** `1/3`: the first of three messages that hold the commit's bytes. */
  chunk: 'Perdure-Chunk',
  /** Position of the commit's first entry. */
  first: 'Perdure-First',
  /** The server's own; of what it compared, it keeps what was expected. */
  expected: 'Nats-Expected-Last-Subject-Sequence',
  /** Of published events. */
  address: 'Perdure-Address',
  seq: 'Perdure-Seq',
  at: 'Perdure-At',
  position: 'Perdure-Position',
  contentType: 'content-type',
} as const

/** A message to be written, before it is known what it will follow. */
export interface LogMessage {
  readonly subject: string
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: Uint8Array
}

/** A message of a shard's commit subject, as it was read. */
export interface StoredLogMessage {
  readonly sequence: number
  readonly subject: string
  readonly incarnation: number
  readonly shard: number
  readonly commitId: string
  readonly kind: 'commit' | 'claim'
  readonly epoch: number
  readonly member: string
  /** From 1, of `chunks`. */
  readonly chunk: number
  readonly chunks: number
  /** Sequence of the message it follows on its subject, 0 for none; only of a first chunk. */
  readonly follows: number | undefined
  readonly body: Uint8Array
}

/** A message as the client gives it. */
interface RawMessage {
  readonly subject: string
  readonly sequence: number
  readonly headers: { get(name: string): string } | undefined
  readonly body: Uint8Array
}

/** Undefined when it is none of a commit subject, or was not written by a member. */
export function storedMessage({
  subject,
  sequence,
  headers,
  body,
}: RawMessage): StoredLogMessage | undefined {
  const place = journalSubject(subject)
  const [chunk, chunks] = (headers?.get(HEADER.chunk) ?? '').split('/').map(Number)
  const kind = headers?.get(HEADER.kind)
  if (place?.kind !== 'commit' || headers === undefined || !chunk || !chunks) return undefined
  if (kind !== 'commit' && kind !== 'claim') return undefined
  return {
    sequence,
    subject,
    incarnation: place.incarnation,
    shard: place.shard,
    commitId: headers.get(HEADER.commit),
    kind,
    epoch: Number(headers.get(HEADER.epoch)),
    member: headers.get(HEADER.member),
    chunk,
    chunks,
    follows: chunk === 1 ? Number(headers.get(HEADER.expected)) : undefined,
    body,
  }
}

/** What a first chunk is known by. */
export function positionOf(first: StoredLogMessage): LogPosition {
  return {
    incarnation: first.incarnation,
    sequence: first.sequence,
    hash: messageHash(first.subject, first.body, first.commitId),
  }
}

export function messageHash(subject: string, body: Uint8Array, commitId: string): string {
  return createHash('sha256').update(subject).update(body).update(commitId).digest('hex').slice(0, 32)
}
