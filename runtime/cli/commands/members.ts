/** `perdure members`: who runs a cluster. */
import { Command } from 'commander'
import type { MemberRow } from '../../../cluster/index.js'
import { askingCluster, type ClusterFlags } from '../cluster-flags.js'
import { printJson, printLine, tableOf } from '../output.js'
import { shownTime } from '../shown.js'
import { taught } from '../teaching.js'

interface Flags extends ClusterFlags {
  readonly json?: boolean
}

export function membersCommand(): Command {
  const command = new Command('members')
    .summary('who runs a cluster')
    .description(
      'List the members of a cluster: when each was last heard of, whether it takes shards, and how many it owns and ' +
        'stands by for. Read from NATS, whether or not a member answers.',
    )
    .action(members)
  return taught(askingCluster(command), [
    'members --nats nats://nats-1:4222,nats://nats-2:4222',
    'members --json | jq -r .id',
  ])
}

async function members(flags: Flags): Promise<void> {
  const { withCluster } = await import('../cluster/in-cluster.js')
  const { members: rows } = await withCluster(flags, cluster => cluster.tables())
  if (flags.json) return rows.forEach(printJson)
  if (rows.length === 0) return printLine('no members')
  printLine(
    tableOf(
      ['member', 'state', 'owns', 'stands by', 'heard ms ago', 'since', 'host', 'pid', 'versions'],
      rows.map(one => [
        one.id,
        stateOf(one),
        one.owns.length,
        one.standsBy.length,
        one.silentMs,
        shownTime(one.since),
        one.host,
        String(one.pid),
        Object.entries(one.versions)
          .map(([type, version]) => `${type}@${version}`)
          .join(' '),
      ]),
      [2, 3, 4],
    ),
  )
}

function stateOf({ draining, skewed }: MemberRow): string {
  if (skewed) return 'clock is off'
  return draining ? 'draining' : 'takes shards'
}
