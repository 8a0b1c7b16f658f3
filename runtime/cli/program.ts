/**
 * All commands of the command line, in the order in which they are met.
 */
import { Command } from 'commander'
import { packageVersion } from '../package-version.js'
import { beatCommand, doneCommand } from './commands/attempts.js'
import { backupCommand, restoreCommand } from './commands/backup.js'
import { addCompletion } from './commands/completion.js'
import { createCommand } from './commands/create.js'
import { deadCommand } from './commands/dead.js'
import { demoCommand } from './commands/demo.js'
import { devCommand } from './commands/dev.js'
import { doctorCommand } from './commands/doctor.js'
import { drainCommand } from './commands/drain.js'
import { exportCommand } from './commands/export.js'
import { getCommand } from './commands/get.js'
import { historyCommand } from './commands/history.js'
import { listCommand } from './commands/list.js'
import { membersCommand } from './commands/members.js'
import { quarantineCommand, releaseCommand } from './commands/quarantine.js'
import { askCommand, sendCommand } from './commands/send.js'
import { shardsCommand } from './commands/shards.js'
import { startCommand } from './commands/start.js'
import { statsCommand } from './commands/stats.js'
import { terminateCommand } from './commands/terminate.js'
import { verifyCommand } from './commands/verify.js'
import { watchCommand } from './commands/watch.js'
import { exitCodesHelp } from './exit-codes.js'

const groups: Readonly<Record<string, () => readonly Command[]>> = {
  'Run:': () => [demoCommand(), startCommand(), devCommand()],
  'Speak to actors:': () => [
    createCommand(),
    sendCommand(),
    askCommand(),
    doneCommand(),
    beatCommand(),
    terminateCommand(),
  ],
  'Look:': () => [getCommand(), listCommand(), historyCommand(), watchCommand(), statsCommand()],
  'Keep:': () => [
    deadCommand(),
    verifyCommand(),
    quarantineCommand(),
    releaseCommand(),
    backupCommand(),
    restoreCommand(),
    exportCommand(),
  ],
  'Of a cluster:': () => [membersCommand(), shardsCommand(), drainCommand(), doctorCommand()],
}

/** @param isQuiet whether commander leaves it to the caller to say what is wrong with the arguments. */
export function perdureProgram({ isQuiet = false } = {}): Command {
  const program = new Command('perdure')
    .description('Persistent actors for Node.js: XState machines whose lives outlast the process.')
    .version(packageVersion())
    // `list --version 2` is about the actors' version, not ours.
    .enablePositionalOptions()
    .configureHelp({ subcommandTerm: command => termOf(command) })
    .addHelpText(
      'after',
      `
Actors are named TYPE/KEY, as in order/o-1. Commands find the data directory by
--path or PERDURE_PATH (./data), and there the runtime that runs on it; when none
runs, those that only look read its journal. With --nats or NATS_URL they ask the
cluster there.

Begin with:
  $ perdure demo --kill 20
  $ perdure dev ./orders.ts

${exitCodesHelp}`,
    )
  for (const [heading, commands] of Object.entries(groups)) {
    program.commandsGroup(heading)
    for (const command of commands()) program.addCommand(command)
  }
  program.commandsGroup('Besides:')
  addCompletion(program)
  withoutExit(program, isQuiet)
  return program
}

/** 1 is an answer (something was lost, something differs): a wrong argument must not look like one. */
function withoutExit(command: Command, isQuiet: boolean): void {
  command.exitOverride()
  if (isQuiet) command.configureOutput({ outputError: () => {} })
  for (const one of command.commands) withoutExit(one, isQuiet)
}

/** `send <actor> <event> [fields]` */
function termOf(command: Command): string {
  const given = command.registeredArguments.map(one => {
    const name = `${one.name()}${one.variadic ? '...' : ''}`
    return one.required ? `<${name}>` : `[${name}]`
  })
  return [command.name(), ...given].join(' ')
}
