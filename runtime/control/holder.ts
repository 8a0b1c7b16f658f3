/** Whether a runtime has a data directory, as it said when it took it: for one that no socket leads to. */
import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import type { Holder } from '../../journal/index.js'

/** Undefined when none has it, when it was killed, or when it runs on another machine. */
export function livingHolder(path: string): Holder | undefined {
  try {
    const holder = JSON.parse(readFileSync(join(path, 'holder.json'), 'utf8')) as Holder
    if (holder.host === hostname() && isAlive(holder.pid)) return holder
  } catch {
    // No such file, or one that is being written: nobody is known to be there.
  }
  return undefined
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    // Somebody else's, and alive.
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
