/**
 * A member whose actors are tills. It prints which shards it owns, whenever that changes, and what its runtime logs,
 * as JSON lines. Argument: a `TillProgram` as JSON.
 */
import { writeSync } from 'node:fs'
import { join } from 'node:path'
import { Membership } from '../../../cluster/index.js'
import type { ClusterMember } from '../../../runtime/cluster/cluster-member.js'
import { createRuntime } from '../../../runtime/index.js'
import { tally, tillOf } from './till.js'

export interface TillProgram {
  /** Of all members: where what they do outside is noted. */
  readonly directory: string
  readonly cluster: {
    readonly servers: readonly string[]
    readonly name: string
    readonly member: string
    readonly shards: number
    readonly replicas: number
  }
  /** It takes itself for the owner of what it once owned until it is told otherwise, and is told so much later. */
  readonly trustsForMs?: number
}

export interface TillSaid {
  readonly owned?: readonly number[]
  readonly level?: 'warn' | 'error'
  readonly message?: string
  readonly facts?: {
    readonly shard?: number
    readonly error?: { readonly name: string; readonly message: string }
  }
}

const { directory, cluster, trustsForMs } = JSON.parse(process.argv[2] ?? '{}') as TillProgram
const say = (said: TillSaid) => writeSync(1, `${JSON.stringify(said)}\n`)

if (trustsForMs !== undefined) {
  Membership.prototype.owns = () => true
  const { onChange } = Membership.prototype
  Membership.prototype.onChange = function (listener) {
    return onChange.call(this, () => void setTimeout(listener, trustsForMs))
  }
}

const log = (level: 'warn' | 'error') => (facts: object, message: string) => say({ level, facts, message })
const runtime = (await createRuntime({
  actors: [tillOf(directory, cluster.member), tally],
  path: join(directory, cluster.member),
  logger: { warn: log('warn'), error: log('error') },
  control: false,
  cluster,
})) as ClusterMember

let told = ''
setInterval(() => {
  const owned = [...runtime.owned].sort((a, b) => a - b)
  if (String(owned) !== told) say({ owned })
  told = String(owned)
}, 20)
say({ owned: [] })
// Nobody is left to be told: the test is gone.
process.stdin.on('end', () => process.exit()).resume()
process.on('SIGTERM', () => {
  void runtime.stop().then(() => process.exit())
})
