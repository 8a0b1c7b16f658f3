/** `perdure doctor`: whether a cluster is as it should be. */
import { Command, Option } from 'commander'
import { each } from '../arguments.js'
import type { CheckUpFlags } from '../cluster/check-up.js'
import { askingCluster } from '../cluster-flags.js'
import { exitCodes } from '../exit-codes.js'
import { printJson, printLine, tableOf } from '../output.js'
import { taught } from '../teaching.js'

interface Flags extends CheckUpFlags {
  readonly json?: boolean
}

export function doctorCommand(): Command {
  const command = new Command('doctor')
    .summary('whether a cluster is as it should be')
    .description(
      "Look a cluster over: its servers' versions, copies and what the servers say of writes to the disk, how full its " +
        "streams are, clocks, members, shards without an owner, and whether members' journals agree with the log and with " +
        "each other, how old images of shards are and how far back the log goes. Changes nothing. Ends with 1 when anything is 'bad'.",
    )
    .addOption(
      new Option(
        '--monitor <url>',
        "a server's monitoring port, which says whether it syncs before it acknowledges; repeatable",
      ).argParser(each(String)),
    )
    .action(doctor)
  return taught(askingCluster(command), [
    'doctor --nats nats://nats-1:4222',
    `doctor --json | jq -r 'select(.verdict == "bad") | .about'`,
  ])
}

async function doctor(flags: Flags): Promise<void> {
  const [{ withCluster }, { checkUp }] = await Promise.all([
    import('../cluster/in-cluster.js'),
    import('../cluster/check-up.js'),
  ])
  const findings = await withCluster(flags, cluster => checkUp(cluster, flags))
  if (findings.some(one => one.verdict === 'bad')) process.exitCode = exitCodes.no
  if (flags.json) return findings.forEach(printJson)
  printLine(
    tableOf(
      ['', 'about', 'found'],
      findings.map(({ verdict, about, found }) => [verdict, about, found]),
    ),
  )
  const advised = findings.filter(one => one.advice !== undefined && one.verdict !== 'good')
  if (advised.length === 0) return
  printLine('')
  for (const { about, advice } of advised) printLine(`${about}: ${advice}`)
}
