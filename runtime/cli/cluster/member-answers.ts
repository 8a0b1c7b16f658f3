/** What the members of a cluster say of themselves when they are asked, one by one. */
import { encode, toErrorValue } from '../../../actors/codec.js'
import { UnavailableError } from '../../../actors/errors.js'
import { limits } from '../../../actors/limits.js'
import { type MemberAnswer, readMemberAnswer, type ShardHere } from '../../cluster/member-views.js'
import type { ReachedCluster } from './in-cluster.js'

/** The copies of one member; or why it did not say. */
export interface SaidCopies {
  readonly member: string
  readonly copies: readonly ShardHere[]
  readonly silence?: string
}

/** How long a member that lives may take for what it knows by heart. */
const memberMsMax = 2_000

export async function copiesOf(
  cluster: ReachedCluster,
  members: readonly string[],
): Promise<readonly SaidCopies[]> {
  return Promise.all(
    members.map(async member => {
      try {
        const answer = await askedMember(cluster, member, 'shards')
        if (answer.ok && 'shards' in answer) return { member, copies: answer.shards }
        return { member, copies: [], silence: answer.ok ? 'it answers otherwise' : answer.message }
      } catch (error) {
        return { member, copies: [], silence: toErrorValue(error).message }
      }
    }),
  )
}

/** Whether others have all of the member's shards. @throws UnavailableError */
export async function drained(cluster: ReachedCluster, member: string): Promise<boolean> {
  const waitMs = limits.leaveMsMax + limits.remoteReplyMsMax
  const answer = await askedMember(cluster, member, 'drain', { waitMs })
  if (answer.ok && 'drained' in answer) return answer.drained
  throw new UnavailableError(
    `member ${member}: expected to be told whether it is drained, found ${answer.ok ? Object.keys(answer)[1] : answer.message}`,
    undefined,
    false,
  )
}

export async function askedMember(
  { client, ground }: ReachedCluster,
  member: string,
  verb: string,
  { body = encode({}), waitMs = memberMsMax }: { readonly body?: Uint8Array; readonly waitMs?: number } = {},
): Promise<MemberAnswer> {
  const subject = ground.names.member(member, verb)
  return readMemberAnswer(await client.requests.ask(subject, `member ${member}`, body, waitMs).answer)
}
