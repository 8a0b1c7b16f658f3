/** `perdure drain`: takes a member's shards away before its machine is stopped. */
import { existsSync, readdirSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { Command } from 'commander'
import { PerdureError } from '../../../actors/errors.js'
import type { MemberRow } from '../../../cluster/index.js'
import { livingHolder } from '../../control/holder.js'
import { askingCluster, type ClusterFlags } from '../cluster-flags.js'
import { exitCodes } from '../exit-codes.js'
import { printJson, printLine } from '../output.js'
import { dataDirectory, pathOption } from '../source.js'
import { taught } from '../teaching.js'

interface Flags extends ClusterFlags {
  readonly path: string
  readonly json?: boolean
}

export function drainCommand(): Command {
  const command = new Command('drain')
    .summary("hand a member's shards over to others")
    .description(
      'Have a member hand all its shards over to others, and take none from then on; it stays a member until it is ' +
        'stopped. Stopping one (SIGTERM) drains it too: this is for doing so first, and seeing that it worked.',
    )
    .argument('[member]', "as 'perdure members' lists it; the one that runs on --path unless said")
    .addOption(pathOption())
    .action(drain)
  return taught(askingCluster(command), ['drain web-1-4711-0a1b2c3d', 'drain --path ./data'])
}

async function drain(named: string | undefined, flags: Flags): Promise<void> {
  const [{ withCluster }, { drained }] = await Promise.all([
    import('../cluster/in-cluster.js'),
    import('../cluster/member-answers.js'),
  ])
  const { member, isDrained } = await withCluster(flags, async cluster => {
    const { members } = await cluster.tables()
    const member = memberMeant(named, members, flags)
    return { member, isDrained: await drained(cluster, member) }
  })
  if (!isDrained) process.exitCode = exitCodes.no
  if (flags.json) return printJson({ member, drained: isDrained })
  printLine(
    isDrained
      ? `${member} owns no shards any more, and takes none`
      : `${member} takes no shards any more, but still owns some that nobody took: 'perdure shards' lists them`,
  )
}

/** @throws PerdureError `NotFound` */
function memberMeant(named: string | undefined, members: readonly MemberRow[], { path }: Flags): string {
  const known = members.map(({ id }) => id).join(', ') || 'none'
  if (named !== undefined) {
    if (members.some(({ id }) => id === named)) return named
    throw new PerdureError('NotFound', `no member '${named}': expected one of ${known}`)
  }
  const pid = holderPid(dataDirectory(path))
  const here = members.find(one => one.host === hostname() && one.pid === pid)
  if (here !== undefined) return here.id
  throw new PerdureError(
    'NotFound',
    `no member runs on ${path} on this machine: name one of ${known}, or its data directory with --path`,
  )
}

/** Of the member that has any of the shards' directories there. */
function holderPid(path: string): number | undefined {
  if (!existsSync(path)) return undefined
  const shards = readdirSync(path).filter(name => /^shard-\d+$/.test(name))
  return shards.map(name => livingHolder(join(path, name))?.pid).find(pid => pid !== undefined)
}
