/** Runs a program of the benches that says one line of JSON and lives on; it is killed as soon as it has. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Line } from './bench.js'

/** @throws when it ends by itself */
export async function lineOfKilled(program: string, args: readonly string[]): Promise<Line> {
  const path = fileURLToPath(new URL(program, import.meta.url))
  const child = spawn(process.execPath, [...process.execArgv, path, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  const said = once(createInterface(child.stdout), 'line') as Promise<[string]>
  try {
    const [line] = await Promise.race([said, exited.then(endedBySelf)])
    return JSON.parse(line) as Line
  } finally {
    child.kill('SIGKILL')
    await exited
  }

  function endedBySelf(): never {
    throw new Error(`${program} ${args.join(' ')} ended by itself, with code ${child.exitCode}`)
  }
}
