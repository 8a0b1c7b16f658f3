/** A whole member of a cluster in this process, on a directory of its own, gone with the test. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { limits } from '../../actors/limits.js'
import type { ClusterMember } from '../../runtime/cluster/cluster-member.js'
import { type ClusterSettings, createMember } from '../../runtime/cluster/compose-cluster.js'
import { mintCommandId } from '../../runtime/command-id.js'
import { thisProcess } from '../../runtime/compose.js'
import type { AnyDefinition } from '../../runtime/index.js'
import { SystemClock } from '../../runtime/system-clock.js'

export async function runningMember(
  t: Pick<TestContext, 'after'>,
  actors: readonly AnyDefinition[],
  cluster: ClusterSettings,
): Promise<ClusterMember> {
  const path = await mkdtemp(join(tmpdir(), 'perdure-member-'))
  const member = await createMember({
    actors,
    path,
    cluster,
    clock: new SystemClock(),
    limits,
    logger: { warn() {}, error() {} },
    about: { perdure: '0.0.1', path, pid: process.pid },
    holder: thisProcess(),
    versionsRequired: false,
    mintId: mintCommandId,
  })
  t.after(async () => {
    await member.stop()
    await rm(path, { recursive: true })
  })
  return member
}
