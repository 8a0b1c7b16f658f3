/**
 * What every command's --help says besides its options: an example or two, and the exit codes.
 */
import type { Command } from 'commander'
import { exitCodesHelp } from './exit-codes.js'

export function taught(command: Command, examples: readonly string[]): Command {
  const shown = examples.map(example => `  $ perdure ${example}`).join('\n')
  return command.addHelpText('after', `\nExamples:\n${shown}\n\n${exitCodesHelp}`)
}
