/**
 * Other programs, run to their end without a shell.
 */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const execute = promisify(execFile)
const runMsMax = 60_000
const outputBytesMax = 4_000_000

/**
 * What it wrote to its standard output.
 * @throws what it wrote to its standard error, when it cannot be run or ends badly.
 */
export async function run(program: string, args: readonly string[], cwd?: string): Promise<string> {
  const options = { cwd, timeout: runMsMax, maxBuffer: outputBytesMax, killSignal: 'SIGKILL' as const }
  return (await execute(program, args, options)).stdout
}
