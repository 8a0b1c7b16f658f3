/**
 * Servers end with the process that started them, however that ends: one small process waits at the end of a pipe
 * that only this one holds. When the pipe breaks, it kills what is left and removes the directories.
 */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export interface Reaped {
  readonly pid: number
  /** Removed once the process is dead. */
  readonly directory?: string
}

let tell: ((line: string) => void) | undefined

export function reapLater(one: Reaped): void {
  tell ??= startReaper()
  tell(JSON.stringify({ add: one }))
}

export function reapNoMore(pid: number): void {
  tell?.(JSON.stringify({ drop: pid }))
}

function startReaper(): (line: string) => void {
  const program = fileURLToPath(new URL('./reaper-process.js', import.meta.url))
  const child = spawn(process.execPath, ['--max-old-space-size=32', program], {
    stdio: ['pipe', 'ignore', 'inherit'],
    // Ctrl-C is for this process: the reaper outlives it.
    detached: true,
  })
  child.unref()
  const pipe = child.stdin
  if ('unref' in pipe && typeof pipe.unref === 'function') pipe.unref()
  pipe.on('error', () => {})
  return line => pipe.write(`${line}\n`)
}
