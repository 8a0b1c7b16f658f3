/** A cluster's log for tests: a server, its ground, and members that write and read it. */
import type { TestContext } from 'node:test'
import type { Commit } from '../../actors/commit.js'
import { type Limits, limitsWith } from '../../actors/limits.js'
import { type ClusterConnection, connectCluster } from '../../cluster/connection.js'
import type { CommitForm } from '../../cluster/log/commit-form.js'
import { ClusterCommitLog } from '../../cluster/log/commit-log.js'
import { type ClusterGround, type ClusterShape, prepareStreams } from '../../cluster/streams/setup.js'
import { commitForm } from '../../journal/segment/commit-bytes.js'
import { SystemClock } from '../../runtime/system-clock.js'
import { CommitMaker } from './journal-commits.js'

type Ends = Pick<TestContext, 'after'>

export const form: CommitForm = commitForm

export interface LogMember {
  readonly connection: ClusterConnection
  readonly ground: ClusterGround
  readonly form: CommitForm
  readonly clock: SystemClock
  readonly limits: Limits
  readonly member: string
  readonly log: ClusterCommitLog
}

export async function connectionFor(
  t: Ends,
  servers: string | string[],
  label = 'test',
): Promise<ClusterConnection> {
  const connection = await connectCluster({ servers }, label)
  t.after(() => connection.close())
  return connection
}

/** A member with a connection of its own. */
export async function memberFor(
  t: Ends,
  servers: string | string[],
  member: string,
  options: { readonly name?: string; readonly shape?: ClusterShape; readonly limits?: Partial<Limits> } = {},
): Promise<LogMember> {
  const connection = await connectionFor(t, servers, member)
  const ground = await prepareStreams(connection, options.name, options.shape ?? { shards: 8 })
  const site = {
    connection,
    ground,
    form,
    clock: new SystemClock(),
    limits: limitsWith(options.limits),
    member,
  }
  return { ...site, log: new ClusterCommitLog(site) }
}

/** Commits of one actor, one after the other; each bears a note of that many characters. */
export function commitsOf(address: string, characters = 10): () => Commit {
  const maker = new CommitMaker()
  return () => maker.make([{ address, event: { type: 'NOTE', text: 'x'.repeat(characters) } }])
}
