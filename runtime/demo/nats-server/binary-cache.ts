/**
 * The user's cache of nats-server binaries: one file a version, `nats-server-2.15.1`. A file gets its name only
 * when it is whole, and one process at a time fetches; the others wait for what it brings.
 */
import { chmod, mkdir, mkdtemp, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { UnavailableError } from '../../../actors/errors.js'
import { compareVersions, type FoundServer, isRecent, serverAt } from './server-version.js'

const lockMsMax = 300_000
const lookEveryMs = 50

export class BinaryCache {
  readonly folder: string
  readonly #lock: string

  constructor(folder: string) {
    this.folder = folder
    this.#lock = join(folder, 'nats-server.lock')
  }

  async newest(): Promise<FoundServer | undefined> {
    const names = await readdir(this.folder).catch(() => [])
    const found: FoundServer[] = []
    for (const name of names.filter(one => /^nats-server-\d[^/]*$/.test(one))) {
      const server = await serverAt(join(this.folder, name))
      if (server !== undefined && isRecent(server)) found.push(server)
    }
    return found.sort((a, b) => compareVersions(b.version, a.version))[0]
  }

  /**
   * Places the binary that `fetch` leaves in the folder it is given.
   * @returns undefined when it brings none that runs and is recent.
   */
  async fill(fetch: (folder: string) => Promise<string | undefined>): Promise<FoundServer | undefined> {
    await mkdir(this.folder, { recursive: true })
    await this.#take()
    try {
      const there = await this.newest()
      if (there !== undefined) return there
      const folder = await mkdtemp(join(this.folder, 'fetching-'))
      try {
        const binary = await fetch(folder)
        return binary === undefined ? undefined : await this.#place(binary)
      } finally {
        await rm(folder, { recursive: true, force: true })
      }
    } finally {
      await rm(this.#lock, { force: true })
    }
  }

  async #place(binary: string): Promise<FoundServer | undefined> {
    await chmod(binary, 0o755)
    const server = await serverAt(binary)
    if (server === undefined || !isRecent(server)) return undefined
    const path = join(this.folder, `nats-server-${server.version}`)
    await rename(binary, path)
    return { path, version: server.version }
  }

  async #take(): Promise<void> {
    const until = Date.now() + lockMsMax
    for (;;) {
      try {
        const file = await open(this.#lock, 'wx')
        await file.writeFile(String(process.pid))
        await file.close()
        return
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
      }
      if (!(await this.#isHeld())) await rm(this.#lock, { force: true })
      else if (Date.now() > until)
        throw new UnavailableError(`${this.#lock}: another process has it since ${lockMsMax} ms`)
      else await delay(lookEveryMs)
    }
  }

  /** Whether who took it lives. One just taken has no number in it yet. */
  async #isHeld(): Promise<boolean> {
    const text = await readFile(this.#lock, 'utf8').catch(() => '')
    if (text === '') return true
    try {
      process.kill(Number(text), 0)
      return true
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === 'EPERM'
    }
  }
}
