#!/usr/bin/env node
/**
 * The command line: `perdure`. One file a command; what a command finds wrong is said in one line on
 * standard error, and the exit code says so too.
 */
import { CommanderError } from 'commander'
import { toErrorValue } from '../../actors/codec.js'
import { errorJson, wantsJson } from './error-json.js'
import { exitCodeOf, exitCodes } from './exit-codes.js'
import { perdureProgram } from './program.js'

// Who reads us has seen enough (`| head`): that is an end, and no fault of anybody's.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit()
  process.stderr.write(`perdure: standard output cannot be written: ${error.message}\n`)
  process.exit(exitCodes.fault)
})

try {
  await perdureProgram({ isQuiet: wantsJson(process.argv) }).parseAsync()
} catch (error) {
  process.exitCode = explained(error)
  // What still waits for an answer has nobody to give it to.
  if (process.exitCode === exitCodes.interrupted) process.exit()
}

/** Says what was wrong, unless commander has; where nobody expected it, with all that helps to find it. */
function explained(error: unknown): number {
  if (error instanceof CommanderError && error.exitCode === 0) return exitCodes.done
  const code = error instanceof CommanderError ? exitCodes.badInput : exitCodeOf(error)
  if (wantsJson(process.argv)) {
    process.stderr.write(`${errorJson(error)}\n`)
    return code
  }
  if (error instanceof CommanderError) return code
  const { message } = toErrorValue(error)
  const trace = code === exitCodes.fault && error instanceof Error ? `\n${error.stack}` : ''
  process.stderr.write(`perdure: ${message}${trace}\n`)
  return code
}
