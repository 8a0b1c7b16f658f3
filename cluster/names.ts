/**
 * What everything is called in NATS. The name of the cluster is the prefix of all subjects, streams and buckets, so
 * that several clusters fit one account.
 *
 * Invariant: the tokens of an address are tokens of a subject as they are (`actors/address.ts`).
 */
import { createHash } from 'node:crypto'
import { type Address, encodeToken, rootOf } from '../actors/address.js'
import { SetupError } from '../actors/errors.js'
import { limits } from '../actors/limits.js'

export interface Names {
  /** The cluster's own. */
  readonly name: string
  readonly commandsStream: string
  readonly journalStream: string
  readonly eventsStream: string
  readonly imagesStream: string
  readonly membersBucket: string
  readonly shardsBucket: string
  /** Where a command to an actor is published: by its root's type and key. */
  command(address: Address): string
  /** The commands of one shard, as its stream keeps them. */
  shardCommands(shard: number): string
  commit(incarnation: number, shard: number): string
  /** The commits of a shard in every life of the log. */
  commits(shard: number): string
  /** What a commit of one shard sends to another. */
  sent(incarnation: number, shard: number, target: number): string
  /** What all shards sent to one. */
  sentTo(target: number): string
  /** An event as it rides with its commit. */
  published(incarnation: number, shard: number, address: Address, eventType: string): string
  /** The events of all shards in every life of the log. */
  readonly publishedOfAll: string
  /** The same event as the world hears it. */
  event(address: Address, eventType: string): string
  /** Everything of a shard's images; what says which there are; what one of them is made of. */
  images(shard: number): string
  imageManifest(shard: number): string
  imageChunks(shard: number, image: string): string
  reply(client: string, token: string): string
  /** A verb that only the owner of a shard answers. */
  owner(shard: number, verb: string): string
  /** Where the owner of a shard says that it begins. */
  begins(shard: number | '*'): string
  /** A verb that only this member answers. */
  member(id: string, verb: string): string
  /** A public request about an actor: `ask`, `get`, `history`. */
  request(verb: string, address: Address): string
  /** A public request about an attempt that is worked on elsewhere: `done`, `beat`. */
  attempt(verb: string, token: string): string
}

/** A subject of the log, taken apart. */
export interface JournalSubject {
  readonly incarnation: number
  readonly shard: number
  /** `commit`, `send`, `event`. */
  readonly kind: string
}

const PLAIN = /^[a-z][a-z0-9_-]{0,31}$/

/**
 * @param name of the cluster.
 * @throws SetupError `InvalidDefinition` for one that cannot be a subject's token and, in capitals, a stream's name.
 */
export function namesOf(name = 'perdure'): Names {
  if (!PLAIN.test(name))
    throw new SetupError(
      'InvalidDefinition',
      `cluster name: expected a lower-case letter, then up to 31 of a–z 0–9 _ -, found '${name}'`,
      { name },
    )
  const stream = name.toUpperCase()
  return {
    name,
    commandsStream: `${stream}_COMMANDS`,
    journalStream: `${stream}_JOURNAL`,
    eventsStream: `${stream}_EVENTS`,
    imagesStream: `${stream}_IMAGES`,
    membersBucket: `${name}_members`,
    shardsBucket: `${name}_shards`,
    command: address => `${name}.cmd.${rootTokens(address)}`,
    shardCommands: shard => `${name}.shard.${shard}.>`,
    commit: (incarnation, shard) => `${name}.j.${incarnation}.${shard}.commit`,
    commits: shard => `${name}.j.*.${shard}.commit`,
    sent: (incarnation, shard, target) => `${name}.j.${incarnation}.${shard}.send.${target}`,
    sentTo: target => `${name}.j.*.*.send.${target}`,
    published: (incarnation, shard, address, eventType) =>
      `${name}.j.${incarnation}.${shard}.event.${rootTokens(address)}.${eventToken(eventType)}`,
    publishedOfAll: `${name}.j.*.*.event.>`,
    event: (address, eventType) => `${name}.event.${rootTokens(address)}.${eventToken(eventType)}`,
    images: shard => `${name}.image.${shard}.>`,
    imageManifest: shard => `${name}.image.${shard}.manifest`,
    imageChunks: (shard, image) => `${name}.image.${shard}.chunks.${image}`,
    reply: (client, token) => `${name}.r.${client}.${token}`,
    owner: (shard, verb) => `${name}.o.${shard}.${verb}`,
    begins: shard => `${name}.b.${shard}`,
    member: (id, verb) => `${name}.m.${id}.${verb}`,
    request: (verb, address) => `${name}.${verb}.${rootTokens(address)}`,
    attempt: (verb, token) => `${name}.${verb}.${token}`,
  }
}

/** A subject of the log's stream; undefined for any other. */
export function journalSubject(subject: string): JournalSubject | undefined {
  const [, j, incarnation, shard, kind = ''] = subject.split('.', 5)
  if (j !== 'j' || !(Number(incarnation) >= 1) || !(Number(shard) >= 0)) return undefined
  return { incarnation: Number(incarnation), shard: Number(shard), kind }
}

function rootTokens(address: Address): string {
  return rootOf(address).replace('/', '.')
}

/** An event's type as one token. A machine may emit any type: one too long for a token is named by its hash, none at all by `%`. */
function eventToken(type: string): string {
  const token = encodeToken(type)
  if (token === '') return '%'
  if (token.length <= limits.addressTokenBytesMax) return token
  return `%${createHash('sha256').update(type).digest('hex').slice(0, 32)}`
}
