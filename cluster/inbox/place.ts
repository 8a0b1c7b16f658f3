/**
 * Whether a stream is still the one that was read up to a place. A consumer that starts where nothing is says nothing:
 * beyond the end it waits, behind what was purged it begins later.
 *
 * Invariant: asked of the stream's leader, since a replica may lag.
 */

import { hash } from 'node:crypto'
import type { InboxPosition } from '../../actors/commit.js'
import { LogMismatchError } from '../../actors/errors.js'
import type { ClusterConnection } from '../connection.js'
import type { ClusterGround } from '../streams/setup.js'
import { HEADER, type RawHeaders } from '../wire/header.js'

interface Hashed {
  readonly subject: string
  readonly body: Uint8Array
  readonly messageId: string
}

/** What a message is known by. */
export function hashOf({ subject, body, messageId }: Hashed): string {
  const head = Buffer.from(`${subject}\n${messageId}\n`)
  return hash('sha256', Buffer.concat([head, body])).slice(0, 32)
}

/** The place of a message that was read. Its hash is reckoned when it is asked for: of a commit's messages one is. */
export class ReadPlace implements InboxPosition {
  readonly inbox: InboxPosition['inbox']
  readonly sequence: number
  /** Undefined once it is hashed: the message need not be kept for it. */
  #message: (Omit<Hashed, 'messageId'> & { readonly headers: RawHeaders | undefined }) | undefined
  #hash = ''

  constructor(
    inbox: InboxPosition['inbox'],
    message: Omit<Hashed, 'messageId'> & {
      readonly sequence: number
      readonly headers: RawHeaders | undefined
    },
  ) {
    this.inbox = inbox
    this.sequence = message.sequence
    this.#message = message
  }

  get hash(): string {
    if (this.#message !== undefined) {
      const { subject, body, headers } = this.#message
      this.#hash = hashOf({ subject, body, messageId: messageIdOf(headers) })
      this.#message = undefined
    }
    return this.#hash
  }

  /** As it is now, hash and all: of a message whose bytes are given to others. @param index of the item it is read up to */
  fixed(index?: number): InboxPosition {
    const { inbox, sequence, hash } = this
    return index === undefined ? { inbox, sequence, hash } : { inbox, sequence, hash, index }
  }
}

function messageIdOf(headers: RawHeaders | undefined): string {
  for (const [name, [value = '']] of headers ?? []) if (name === HEADER.messageId) return value
  return ''
}

/** A message's headers are parsed when they are asked for, and anybody may have written them. */
export function readHeaders(read: () => RawHeaders | undefined): {
  readonly headers: RawHeaders | undefined
  readonly headersError?: string
} {
  try {
    return { headers: read() }
  } catch (error) {
    return { headers: undefined, headersError: error instanceof Error ? error.message : String(error) }
  }
}

/** Sequence from which a stream is read on after a place. */
export function firstAfter({ sequence, index }: InboxPosition): number {
  return index === undefined ? sequence + 1 : sequence
}

/** @throws LogMismatchError naming what is there instead. */
export async function assertPlace(
  { jsm }: ClusterConnection,
  stream: string,
  shard: number,
  { sequence, hash: expected, index }: InboxPosition,
): Promise<void> {
  const where = { stream, shard }
  const found = await jsm.streams.getMessage(stream, { seq: sequence })
  if (found !== null) {
    const hash = hashOf({
      subject: found.subject,
      body: found.data,
      messageId: messageIdOf(readHeaders(() => found.header).headers),
    })
    if (hash === expected) return
    throw new LogMismatchError(
      'another stream',
      where,
      `message ${sequence} with hash ${expected}`,
      `'${found.subject}' with hash ${hash}`,
    )
  }
  const { first_seq: first, last_seq: last } = (await jsm.streams.info(stream)).state
  if (last < sequence)
    throw new LogMismatchError('gone backwards', where, `message ${sequence}`, `an end at ${last}`)
  // All up to it was purged and nothing after: it has been read, so nothing is lost.
  if (first === sequence + 1 && index === undefined) return
  const there = first > sequence ? `a beginning at ${first}` : `none there, and a beginning at ${first}`
  throw new LogMismatchError('purged', where, `message ${sequence}, the last one read`, there)
}

/**
 * The places from which a shard's inboxes are read when the log was made anew: what was sent is gone with the log
 * before; of commands the place still holds, or their stream is another as well and is read from its beginning.
 */
export async function takenAnew(
  taken: readonly InboxPosition[],
  site: PlaceSite,
): Promise<readonly InboxPosition[]> {
  return [{ inbox: 'sends', sequence: 0, hash: '' }, ...(await commandsAnew(taken, site))]
}

/** The beginning of the commands' stream, when the place in it does not hold any more. */
export async function commandsAnew(
  taken: readonly InboxPosition[],
  { connection, ground, shard }: PlaceSite,
): Promise<readonly InboxPosition[]> {
  const commands = taken.find(one => one.inbox === 'commands')
  if (commands === undefined || commands.sequence === 0) return []
  try {
    await assertPlace(connection, ground.names.commandsStream, shard, commands)
    return []
  } catch (error) {
    if (!(error instanceof LogMismatchError)) throw error
    return [{ inbox: 'commands', sequence: 0, hash: '' }]
  }
}

interface PlaceSite {
  readonly connection: ClusterConnection
  readonly ground: Pick<ClusterGround, 'names'>
  readonly shard: number
}
