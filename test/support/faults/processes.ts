/**
 * Faults of processes: each verb resolves when its effect is there. They take whatever has a pid: a member, a
 * nats-server.
 */
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'

const effectMsMax = 5_000
const lookEveryMs = 2

export interface Running {
  readonly pid?: number | undefined
}

/** `kill -9`. Resolves when the process is gone. */
export async function kill(process: Running): Promise<void> {
  const pid = pidOf(process)
  signal(pid, 'SIGKILL')
  await until(pid, 'gone', async () => isGone(await stateOf(pid)))
}

/** Stops it where it stands: its sockets stay open, its timers run out unseen. */
export async function freeze(process: Running): Promise<void> {
  const pid = pidOf(process)
  signal(pid, 'SIGSTOP')
  await until(pid, 'frozen', async () => (await stateOf(pid)).startsWith('T'))
}

export async function thaw(process: Running): Promise<void> {
  const pid = pidOf(process)
  signal(pid, 'SIGCONT')
  await until(pid, 'thawed', async () => !(await stateOf(pid)).startsWith('T'))
}

function pidOf({ pid }: Running): number {
  if (pid === undefined) throw new Error('this process never began')
  return pid
}

function signal(pid: number, name: NodeJS.Signals): void {
  process.kill(pid, name)
}

async function until(pid: number, what: string, holds: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + effectMsMax
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`process ${pid} is not ${what} after ${effectMsMax} ms`)
    await delay(lookEveryMs)
  }
}

/** As `ps` says it: T is stopped, Z is dead and not yet waited for; `gone` when there is none. */
async function stateOf(pid: number): Promise<string> {
  if (process.platform === 'linux') {
    const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
    return text === '' ? 'gone' : text.slice(text.lastIndexOf(')') + 2)
  }
  const said = await promisify(execFile)('ps', ['-o', 'state=', '-p', String(pid)]).catch(() => undefined)
  return said?.stdout.trim() || 'gone'
}

function isGone(state: string): boolean {
  return state === 'gone' || state.startsWith('Z')
}
