/**
 * `perdure verify`: folds a journal again, with the code at hand, and says where it differs.
 */
import { Command } from 'commander'
import { type Address, rootOf } from '../../../actors/address.js'
import type { Difference } from '../../verify.js'
import { type ClusterFlags, clusterNameOption } from '../cluster-flags.js'
import { exitCodes } from '../exit-codes.js'
import { printJson, printLine } from '../output.js'
import { dataDirectory, withApi } from '../source.js'
import { taught } from '../teaching.js'

interface Flags extends ClusterFlags {
  readonly actors?: string
  readonly quarantine?: boolean
  readonly json?: boolean
}

export function verifyCommand(): Command {
  const command = new Command('verify')
    .summary('fold a journal again and compare')
    .description('Fold a journal again, entry by entry, and compare it with what was committed.')
    .argument('<dir>', "the data directory, or a demo's (--path)")
    .option(
      '--actors <module>',
      "a module, JavaScript or TypeScript, that exports the definitions; the demo's orders when absent",
    )
    .option(
      '--quarantine',
      'let each actor that differs rest, by the runtime there or, with --nats, the cluster',
    )
    .option('--nats <url>', 'servers of the cluster that is to quarantine')
    .addOption(clusterNameOption())
    .option('--json', 'for programs: JSON instead of text')
    .action(verify)
  return taught(command, [
    'verify ./data --actors ./orders.ts',
    'verify ./data --actors ./orders.ts --quarantine',
    'verify ./demo',
  ])
}

async function verify(directory: string, flags: Flags): Promise<void> {
  const { verified } = await import('../verified.js')
  const report = await verified(dataDirectory(directory), flags.actors)
  const { actors, entries, digests, differences } = report
  if (differences.length > 0) process.exitCode = exitCodes.no
  if (flags.quarantine === true) await quarantine(directory, flags, differences)
  if (flags.json) return printJson(report)
  for (const { actor, seq, agreedUntil, what } of differences)
    printLine(
      `${flags.quarantine ? 'quarantined: ' : ''}${actor} differs at entry ${seq} (agreed until ${agreedUntil}): ${what}`,
    )
  printLine(
    `${actors} actors, ${entries} entries, ${digests} digests compared: ${differences.length} differences`,
  )
}

/** A tree rests as one: of an actor and its child that both differ, the root is told once. */
async function quarantine(
  directory: string,
  { actors: _, ...flags }: Flags,
  differences: readonly Difference[],
): Promise<void> {
  const reasons = new Map<Address, string>()
  for (const { actor, seq } of differences)
    if (!reasons.has(rootOf(actor))) reasons.set(rootOf(actor), `verify: ${actor} differs at entry ${seq}`)
  if (reasons.size === 0) return
  await withApi({ ...flags, path: directory }, async api => {
    for (const [address, reason] of reasons) await api.quarantine({ address, reason })
  })
}
