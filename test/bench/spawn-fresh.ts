/** Runs fresh.ts in a process of its own. */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Line } from './bench.js'

const program = fileURLToPath(new URL('./fresh.js', import.meta.url))

export async function measureFresh(what: 'idle' | 'history', path: string, size: number): Promise<Line> {
  const { stdout } = await promisify(execFile)(process.execPath, [program, what, path, String(size)])
  return JSON.parse(stdout) as Line
}
