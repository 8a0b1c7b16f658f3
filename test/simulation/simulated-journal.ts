/**
 * The journal as one process has it: a real one, whose writes take time and at which the process may die:
 * before a commit is written, while it is, when it is and nobody knows yet, while it is settled.
 *
 * Invariant: what it resolves is on the disk, unless it was told to fail.
 */
import type { Commit } from '../../actors/commit.js'
import { SetupError } from '../../actors/errors.js'
import type { Journal } from '../../actors/journal.js'
import type { Disk } from './disk.js'
import { instead } from './instead.js'
import type { Random } from './random.js'
import type { Owner, Scheduler } from './scheduler.js'
import type { Truth } from './truth.js'

export type WriteFault = 'none' | 'before' | 'inside' | 'after' | 'full' | 'errorBefore' | 'errorAfter'
export type SettleFault = 'none' | 'before' | 'inside' | 'after'

export interface JournalSite {
  readonly scheduler: Scheduler
  readonly random: Random
  readonly process: Owner
  readonly disk: Disk
  readonly truth: Truth
  writeFault(): WriteFault
  settleFault(): SettleFault
  /** The process dies now; the disk has been left as it is found, when `isDone`. */
  die(why: string, isDone?: boolean): void
  trace(what: string): void
}

export function simulatedJournal(inner: Journal, site: JournalSite): Journal {
  const writes = new SimulatedWrites(inner, site)
  return instead(inner, {
    append: commit => writes.append(commit),
    settle: () => writes.settle(),
    close: () => {
      if (site.process.alive) inner.close()
    },
  })
}

class SimulatedWrites {
  readonly #inner: Journal
  readonly #site: JournalSite

  constructor(inner: Journal, site: JournalSite) {
    this.#inner = inner
    this.#site = site
  }

  append(commit: Commit): Promise<void> {
    const { process, scheduler, random } = this.#site
    if (!process.alive) return new Promise(() => {})
    const fault = this.#site.writeFault()
    this.#site.trace(
      `append ${commit.first} +${commit.entries.length}${fault === 'none' ? '' : ` (${fault})`}`,
    )
    return new Promise((resolve, reject) => {
      if (fault === 'before') return this.#site.die('before a commit was written')
      const write = () => {
        this.#write(commit, fault).then(
          () => scheduler.schedule(random.chance(0.5) ? 0 : random.between(0, 4), resolve, process),
          reject,
        )
      }
      scheduler.schedule(random.chance(0.5) ? 0 : random.between(0, 6), write, process)
    })
  }

  /** Never ends when the process died of it. */
  async #write(commit: Commit, fault: WriteFault): Promise<void> {
    const { disk, truth } = this.#site
    if (fault === 'full') throw new SetupError('JournalFull', 'no room, says the simulation')
    if (fault === 'errorBefore') throw new Error('the disk is gone, says the simulation')
    if (fault === 'inside') {
      truth.perhaps(commit)
      await disk.tear(() => this.#inner.append(commit))
      this.#site.die('inside a commit', true)
      return new Promise(() => {})
    }
    await this.#inner.append(commit)
    disk.synced()
    truth.add(commit)
    if (fault === 'errorAfter') throw new Error('the disk went after the write, says the simulation')
    if (fault !== 'after') return
    this.#site.die('after a commit, before anybody heard')
    return new Promise(() => {})
  }

  settle(): void {
    const { disk, process } = this.#site
    if (!process.alive) return
    const fault = this.#site.settleFault()
    if (fault === 'before') return this.#site.die('before settling')
    disk.unsynced(() => this.#inner.settle())
    if (fault === 'inside') this.#site.die('inside settling')
    if (fault === 'after') {
      disk.synced()
      this.#site.die('after settling')
    }
  }
}
