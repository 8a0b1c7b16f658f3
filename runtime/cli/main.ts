#!/usr/bin/env node
/**
 * The command line: `perdure`. One file a command; what a command finds wrong is said in one line on
 * standard error, and the exit code says so too.
 */
import { readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import { PerdureError, SetupError } from '../../actors/errors.js'
import { demoCommand } from './demo-command.js'
import { InterruptedError } from './interrupted-error.js'
import { verifyCommand } from './verify-command.js'

const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as {
  version: string
}

const program = new Command('perdure')
  .description('Persistent actors for Node.js: XState machines whose lives outlast the process.')
  .version(version)
  .addCommand(demoCommand())
  .addCommand(verifyCommand())
// 1 is an answer (something was lost, something differs): a wrong argument must not look like one.
for (const command of [program, ...program.commands]) command.exitOverride()

try {
  await program.parseAsync()
} catch (error) {
  process.exitCode = exitCodeOf(error)
}

/** Says what was wrong, unless commander has. @throws what nobody expected. */
function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
  const isExpected = [PerdureError, SetupError, InterruptedError].some(known => error instanceof known)
  if (!(error instanceof Error) || !(isExpected || 'syscall' in error)) throw error
  process.stderr.write(`perdure: ${error.message}\n`)
  return error instanceof InterruptedError ? 130 : 2
}
