/**
 * `perdure verify`: folds a journal again, with the code at hand, and says where it differs.
 */
import { Command } from 'commander'
import { exitCodes } from '../exit-codes.js'
import { printJson, printLine } from '../output.js'
import { dataDirectory } from '../source.js'
import { taught } from '../teaching.js'

interface Flags {
  readonly actors?: string
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
    .option('--json', 'for programs: JSON instead of text')
    .action(verify)
  return taught(command, ['verify ./data --actors ./orders.ts', 'verify ./demo'])
}

async function verify(directory: string, flags: Flags): Promise<void> {
  const { verified } = await import('../verified.js')
  const report = await verified(dataDirectory(directory), flags.actors)
  const { actors, entries, digests, differences } = report
  if (differences.length > 0) process.exitCode = exitCodes.no
  if (flags.json) return printJson(report)
  for (const { actor, seq, agreedUntil, what } of differences)
    printLine(`${actor} differs at entry ${seq} (agreed until ${agreedUntil}): ${what}`)
  printLine(
    `${actors} actors, ${entries} entries, ${digests} digests compared: ${differences.length} differences`,
  )
}
