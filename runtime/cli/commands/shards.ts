/** `perdure shards`: where each part of a cluster's actors is, and how far its copies are. */
import { Command } from 'commander'
import { askingCluster, type ClusterFlags } from '../cluster-flags.js'
import { printJson, printLine, tableOf } from '../output.js'
import { taught } from '../teaching.js'

interface Flags extends ClusterFlags {
  readonly json?: boolean
}

export function shardsCommand(): Command {
  const command = new Command('shards')
    .summary('who owns which part of the actors')
    .description(
      'List the shards of a cluster: owner and standby, the position of the owner, how many entries the standby lags ' +
        'behind, commands that wait, epoch, the last message of each in the log, the position of its newest image, and up ' +
        'to which the log has let go. Positions and lags are asked of ' +
        'the members; what one that does not answer would have said is left out.',
    )
    .action(shards)
  return taught(askingCluster(command), [
    'shards --nats nats://nats-1:4222',
    `shards --json | jq -r 'select(.owner == null) | .shard'`,
  ])
}

async function shards(flags: Flags): Promise<void> {
  const [{ withCluster }, { shardReports }] = await Promise.all([
    import('../cluster/in-cluster.js'),
    import('../cluster/shard-reports.js'),
  ])
  const reports = await withCluster(flags, shardReports)
  if (flags.json) return reports.forEach(printJson)
  printLine(
    tableOf(
      [
        'shard',
        'owner',
        'standby',
        'position',
        'lag',
        'waiting',
        'epoch',
        'log',
        'sequence',
        'image',
        'floor',
        'trouble',
      ],
      reports.map(one => [
        one.shard,
        one.owner ?? '-',
        one.standby ?? '-',
        one.position,
        one.lag,
        one.waiting,
        one.epoch,
        one.incarnation,
        one.sequence,
        one.image,
        one.floor,
        one.trouble,
      ]),
      [0, 3, 4, 5, 6, 7, 8, 9, 10],
    ),
  )
}
