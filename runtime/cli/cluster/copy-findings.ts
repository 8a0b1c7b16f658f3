/** Whether the copies of a shard say the same: each asked for the digest of the last entries that all of them have. */
import { encode, toErrorValue } from '../../../actors/codec.js'
import type { CopyDigest, DigestRequest } from '../../cluster/copy-digest.js'
import type { Finding } from './check-up.js'
import type { ReachedCluster } from './in-cluster.js'
import { askedMember, type SaidCopies } from './member-answers.js'

/** Entries of each shard that are compared. */
const COMPARED_MAX = 256

interface Copy {
  readonly member: string
  readonly position: number
}

export async function copyFindings(
  cluster: ReachedCluster,
  said: readonly SaidCopies[],
): Promise<readonly Finding[]> {
  const findings: Finding[] = []
  let compared = 0
  for (let shard = 0; shard < cluster.ground.shards; shard++) {
    const copies = said.flatMap(({ member, copies }) =>
      copies
        .filter(copy => copy.shard === shard && copy.role !== 'broken' && copy.position > 0)
        .map(({ position }): Copy => ({ member, position })),
    )
    if (copies.length < 2) continue
    compared++
    findings.push(...(await ofShard(cluster, shard, copies)))
  }
  if (compared === 0)
    return [{ about: 'digests', verdict: 'note', found: 'no shard has two copies to be compared' }]
  if (findings.length > 0) return findings
  const found = `${compared} shards: the copies say the same of the last ${COMPARED_MAX} entries they share`
  return [{ about: 'digests', verdict: 'good', found }]
}

async function ofShard(cluster: ReachedCluster, shard: number, copies: readonly Copy[]): Promise<Finding[]> {
  const to = Math.min(...copies.map(copy => copy.position))
  const about = `digests of shard ${shard}`
  let request = { shard, after: Math.max(0, to - COMPARED_MAX), to }
  let answers = await digestsOf(cluster, copies, request)
  // One that was made of an image has nothing of what was before.
  if (typeof answers !== 'string' && new Set(answers.map(one => one.first)).size > 1) {
    request = { ...request, after: Math.max(...answers.map(one => one.first)) - 1 }
    answers = await digestsOf(cluster, copies, request)
  }
  if (typeof answers === 'string') return [{ about, verdict: 'note', found: answers }]
  const [first, ...others] = answers
  const different = others.filter(other => differs(first!, other))
  if (different.length === 0) return []
  const members = [first!, ...different].map(one => one.member).join(' and ')
  return [
    {
      about,
      verdict: 'bad',
      found: `${members} differ in entries ${request.after + 1} to ${to}, or in the records of their actors`,
      advice:
        "'perdure verify' on each one's directory of the shard tells which is wrong; moved away while its member is stopped, it is read again from the log",
    },
  ]
}

type SaidDigest = CopyDigest & { readonly member: string }

/** Or why there is not one of each. */
async function digestsOf(
  cluster: ReachedCluster,
  copies: readonly Copy[],
  request: DigestRequest,
): Promise<readonly SaidDigest[] | string> {
  const answers: SaidDigest[] = []
  for (const { member } of copies) {
    const answer = await digestOf(cluster, member, request)
    if (typeof answer === 'string') return `${member}: ${answer}`
    answers.push({ ...answer, member })
  }
  return answers
}

/** What only one of them has a record of has changed since in the other. */
function differs(one: CopyDigest, other: CopyDigest): boolean {
  if (one.digest !== other.digest) return true
  return Object.entries(one.records).some(
    ([address, digest]) => other.records[address] !== undefined && other.records[address] !== digest,
  )
}

async function digestOf(
  cluster: ReachedCluster,
  member: string,
  request: DigestRequest,
): Promise<CopyDigest | string> {
  try {
    const answer = await askedMember(cluster, member, 'digest', { body: encode(request) })
    if (answer.ok && 'digest' in answer) return answer.digest
    return answer.ok ? 'it answers otherwise' : answer.message
  } catch (error) {
    return toErrorValue(error).message
  }
}
