/**
 * A commit as the messages of its log: its bytes in chunks, what it sends to other shards, what it publishes, in that
 * order. All of them are written or none.
 */
import { encode, toReplyJson } from '../../actors/codec.js'
import type { Command } from '../../actors/command.js'
import type { Commit, PublishedEvent } from '../../actors/commit.js'
import { CommitTooLargeError } from '../../actors/errors.js'
import type { Limits } from '../../actors/limits.js'
import { shardOf } from '../shard-of.js'
import type { ClusterGround } from '../streams/setup.js'
import { HEADER, type LogMessage, messageHash } from './log-message.js'

export interface CommitSite {
  readonly ground: ClusterGround
  readonly limits: Limits
  readonly member: string
}

/** What one append writes. The first message is the one a position names and an expectation stands on. */
export interface LogWriting {
  readonly commitId: string
  readonly shard: number
  readonly messages: readonly LogMessage[]
  readonly bytes: number
  /** How many of them, from the first, are on the commit subject. */
  readonly chunks: number
  /** Of the first message. */
  readonly hash: string
}

/**
 * @param bytes the commit, packed.
 * @throws CommitTooLargeError when no batch can hold it.
 */
export function commitWriting(
  site: CommitSite,
  shard: number,
  epoch: number,
  commitId: string,
  commit: Commit,
  bytes: Buffer,
): LogWriting {
  const bodyBytesMax = site.ground.maxPayload - site.limits.clusterHeadroomBytes
  const chunks = chunksOf(bytes, bodyBytesMax)
  const subject = site.ground.names.commit(site.ground.incarnation, shard)
  const messages: LogMessage[] = chunks.map((body, index) => ({
    subject,
    body,
    headers: [
      ...headers(site, 'commit', epoch, commitId, `${index + 1}/${chunks.length}`),
      [HEADER.first, `${commit.first}`],
    ],
  }))
  messages.push(
    ...sentMessages(site, shard, commitId, commit.sent ?? [], bodyBytesMax),
    ...commit.published.map(event => eventMessage(site, shard, event, bodyBytesMax)),
  )
  return checked(site, { commitId, shard, messages, chunks: chunks.length })
}

/** The message that says whose a shard is from here on. */
export function claimWriting(site: CommitSite, shard: number, epoch: number, commitId: string): LogWriting {
  const subject = site.ground.names.commit(site.ground.incarnation, shard)
  const message = {
    subject,
    body: new Uint8Array(0),
    headers: headers(site, 'claim', epoch, commitId, '1/1'),
  }
  return checked(site, { commitId, shard, messages: [message], chunks: 1 })
}

function headers(
  site: Pick<CommitSite, 'member'>,
  kind: 'commit' | 'claim',
  epoch: number,
  commitId: string,
  chunk: string,
): [string, string][] {
  return [
    [HEADER.commit, commitId],
    [HEADER.kind, kind],
    [HEADER.epoch, `${epoch}`],
    [HEADER.member, site.member],
    [HEADER.chunk, chunk],
  ]
}

function checked(
  { limits }: Pick<CommitSite, 'limits'>,
  writing: Omit<LogWriting, 'bytes' | 'hash'>,
): LogWriting {
  const { shard, messages, commitId } = writing
  const bytes = messages.reduce((sum, message) => sum + message.body.length, 0)
  if (messages.length > limits.clusterBatchMessagesMax)
    throw new CommitTooLargeError(shard, 'messages', messages.length, limits.clusterBatchMessagesMax)
  if (bytes > limits.clusterCommitBytesMax)
    throw new CommitTooLargeError(shard, 'bytes', bytes, limits.clusterCommitBytesMax)
  const first = messages[0]!
  return { ...writing, bytes, hash: messageHash(first.subject, first.body, commitId) }
}

function chunksOf(bytes: Buffer, max: number): Buffer[] {
  const count = Math.max(1, Math.ceil(bytes.length / max))
  return Array.from({ length: count }, (_, index) => bytes.subarray(index * max, (index + 1) * max))
}

/** One message a target shard holds its commands in order; more when they do not fit one. */
function sentMessages(
  site: CommitSite,
  shard: number,
  commitId: string,
  sent: readonly Command[],
  bodyBytesMax: number,
): LogMessage[] {
  const { names, incarnation } = site.ground
  const byTarget = new Map<number, Command[]>()
  for (const command of sent) {
    const target = shardOf(command.target, site.ground.shards)
    const commands = byTarget.get(target)
    if (commands === undefined) byTarget.set(target, [command])
    else commands.push(command)
  }
  return [...byTarget].flatMap(([target, commands]) =>
    bodiesOf(commands, shard, bodyBytesMax).map(body => ({
      subject: names.sent(incarnation, shard, target),
      body,
      headers: [[HEADER.commit, commitId]] as const,
    })),
  )
}

/** Halved until each half fits. */
function bodiesOf(commands: readonly Command[], shard: number, bytesMax: number): Uint8Array[] {
  const body = encode(commands)
  if (body.length <= bytesMax) return [body]
  if (commands.length === 1)
    throw new CommitTooLargeError(
      shard,
      `bytes in the command to ${commands[0]!.target}`,
      body.length,
      bytesMax,
    )
  const middle = commands.length >> 1
  return [
    ...bodiesOf(commands.slice(0, middle), shard, bytesMax),
    ...bodiesOf(commands.slice(middle), shard, bytesMax),
  ]
}

/** JSON for every language; msgpack when that is too long as JSON. */
function eventMessage(
  site: CommitSite,
  shard: number,
  { address, seq, position, at, event }: PublishedEvent,
  bytesMax: number,
): LogMessage {
  const json = Buffer.from(toReplyJson(event))
  const body = json.length <= bytesMax ? json : encode(event)
  if (body.length > bytesMax)
    throw new CommitTooLargeError(shard, `bytes in an event of ${address}`, body.length, bytesMax)
  return {
    subject: site.ground.names.published(site.ground.incarnation, shard, address, event.type),
    body,
    headers: [
      [HEADER.address, address],
      [HEADER.seq, `${seq}`],
      [HEADER.at, `${at}`],
      [HEADER.position, `${position}`],
      ...(body === json ? [] : [[HEADER.contentType, 'application/msgpack'] as const]),
    ],
  }
}
