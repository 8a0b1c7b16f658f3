/**
 * What one member tells of itself, and is told, by those who run the cluster: the command line, mostly. What all members
 * agree on (who lives, who owns what) stands in the buckets and is read there.
 */
import { decode, encode, toErrorValue } from '../../actors/codec.js'
import { UnavailableError } from '../../actors/errors.js'
import type { ClusterMember } from './cluster-member.js'
import { type CopyDigest, copyDigest, type DigestRequest } from './copy-digest.js'

/** A shard's copy on one member. */
export interface ShardHere {
  readonly shard: number
  readonly role: 'owner' | 'standby' | 'broken'
  /** Of its journal, and of the last commit of the log that it holds; absent: it holds none. */
  readonly position: number
  readonly sequence?: number
  readonly incarnation?: number
  /** Of an owner. */
  readonly epoch?: number
  /** Of an owner: commands that wait for a step. */
  readonly waiting?: number
  /** Position of the first entry it may have; absent: the shard's very first. */
  readonly historyFrom?: number
  /** Why it cannot be brought up here. */
  readonly error?: string
}

export interface MemberViews {
  shardsHere(): readonly ShardHere[]
  /** Hands all shards over to others, and takes none. Whether all were taken in time; it stays a member. */
  drain(): Promise<boolean>
  /** @throws UnavailableError when the shard has no copy here. */
  digestOf(request: DigestRequest): CopyDigest
}

/** An answer to the verbs `shards`, `drain` and `digest`. */
export type MemberAnswer =
  | { readonly ok: true; readonly digest: CopyDigest }
  | { readonly ok: true; readonly shards: readonly ShardHere[] }
  | { readonly ok: true; readonly drained: boolean }
  | { readonly ok: false; readonly message: string }

/** Never rejects. */
export async function answerMemberVerb(
  views: MemberViews,
  verb: string,
  body: Uint8Array,
): Promise<Uint8Array> {
  return encode(await answerOf(views, verb, body))
}

export function readMemberAnswer(bytes: Uint8Array): MemberAnswer {
  return decode(bytes) as MemberAnswer
}

async function answerOf(views: MemberViews, verb: string, body: Uint8Array): Promise<MemberAnswer> {
  try {
    if (verb === 'shards') return { ok: true, shards: views.shardsHere() }
    if (verb === 'drain') return { ok: true, drained: await views.drain() }
    if (verb === 'digest') return { ok: true, digest: views.digestOf(decode(body) as DigestRequest) }
    return { ok: false, message: `expected the verb shards, drain or digest, found '${verb}'` }
  } catch (error) {
    return { ok: false, message: toErrorValue(error).message }
  }
}

type ViewedMember = Pick<ClusterMember, 'membership' | 'shard' | 'broken'>

export function viewsOf(member: ViewedMember, shards: number): MemberViews {
  const { membership } = member
  return {
    shardsHere: () =>
      Array.from({ length: shards }, (_, shard) => shardHere(member, shard)).filter(one => one !== undefined),
    drain: () => membership.drain(),
    digestOf: ({ shard, ...stretch }) => {
      const journal = member.shard(shard)?.journal
      if (journal === undefined) throw new UnavailableError(`shard ${shard} has no copy here`)
      return copyDigest(journal, stretch)
    },
  }
}

function shardHere(member: ViewedMember, shard: number): ShardHere | undefined {
  const { membership, broken } = member
  const error = broken.get(shard)
  const copy = member.shard(shard)
  const journal = copy?.journal
  if (error === undefined && journal === undefined) return undefined
  const epoch = membership.held.get(shard)
  const at = journal?.logPosition
  const waiting = copy?.shard?.inbox.size
  return {
    shard,
    role: error !== undefined ? 'broken' : copy?.isOwned ? 'owner' : 'standby',
    position: journal?.position ?? 0,
    ...(at === undefined ? {} : { sequence: at.sequence, incarnation: at.incarnation }),
    ...(copy?.isOwned && epoch !== undefined ? { epoch } : {}),
    ...(waiting === undefined ? {} : { waiting }),
    ...((journal?.historyFrom ?? 1) > 1 ? { historyFrom: journal?.historyFrom } : {}),
    ...(error === undefined ? {} : { error: toErrorValue(error).message }),
  }
}
