/**
 * The reaper (reaper.ts): reads what to look after, a line each, and ends it all when nobody holds the pipe.
 */
import { rmSync } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Reaped } from './reaper.js'

const kept = new Map<number, Reaped>()

createInterface({ input: process.stdin })
  .on('line', line => {
    const { add, drop } = JSON.parse(line) as { add?: Reaped; drop?: number }
    if (add !== undefined) kept.set(add.pid, add)
    if (drop !== undefined) kept.delete(drop)
  })
  .on('close', () => {
    for (const { pid } of kept.values()) {
      try {
        process.kill(pid, 'SIGKILL')
      } catch {
        // It is gone.
      }
    }
    for (const { directory } of kept.values())
      if (directory !== undefined) rmSync(directory, { recursive: true, force: true, maxRetries: 5 })
  })
