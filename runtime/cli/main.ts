#!/usr/bin/env node
/**
 * The command line: `perdure`. One file a command; what a command finds wrong is said in one line on
 * standard error, and the exit code says so too.
 */
import { readFileSync } from 'node:fs'
import { Command } from 'commander'
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

try {
  await program.parseAsync()
} catch (error) {
  const isExpected = [PerdureError, SetupError, InterruptedError].some(known => error instanceof known)
  if (!(error instanceof Error) || !(isExpected || 'syscall' in error)) throw error
  process.stderr.write(`perdure: ${error.message}\n`)
  process.exitCode = error instanceof InterruptedError ? 130 : 2
}
