/** The member of the cluster bench, in a process of its own. Argument: a `MemberSetting` as JSON. */
import type { ClusterMember } from '../../../runtime/cluster/cluster-member.js'
import { createRuntime } from '../../../runtime/index.js'
import { order } from '../order-machine.js'
import { answering } from './peer.js'

export interface MemberSetting {
  readonly servers: string
  readonly path: string
  readonly shards: number
}

export interface MemberSample {
  /** Commands applied. */
  readonly commands: number
  /** Attempts that wait for a place to run in, and commands that wait for a step. */
  readonly waiting: number
  readonly rssMb: number
}

const { servers, path, shards } = JSON.parse(process.argv[2] ?? '{}') as MemberSetting
const member = (await createRuntime({ actors: [order], path, cluster: { servers, shards } })) as ClusterMember

answering({
  owned: () => member.owned.length,
  sample: (): MemberSample => {
    let commands = 0
    let waiting = 0
    for (let number = 0; number < shards; number++) {
      const here = member.shard(number)
      commands += here?.journal?.position ?? 0
      waiting += (here?.shard?.inbox.size ?? 0) + (here?.shard?.host.runner.waiting ?? 0)
    }
    return { commands, waiting, rssMb: Math.round(process.memoryUsage.rss() / 2 ** 20) }
  },
  end: async () => {
    await member.stop()
    process.nextTick(() => process.disconnect())
  },
})
