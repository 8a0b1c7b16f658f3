/**
 * The floor under the order bench: what the journal alone would allow. A tap keeps the commits the engine made
 * at the end of the run, under the same load; afterwards they are appended to a fresh journal back to back,
 * with nothing else, settling included; and then their bytes alone to a plain file, synced commit by commit.
 */
import { closeSync, fdatasyncSync, mkdirSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { Commit } from '../../actors/commit.js'
import type { Journal } from '../../actors/journal.js'
import { openJournal } from '../../journal/index.js'
import { packSegment } from '../../journal/segment/segment.js'
import { thisProcess } from '../../runtime/compose.js'

/** Entries that are kept at the most: their commits are held in memory. */
const ENTRIES_KEPT_MAX = 60_000

export interface Tap {
  readonly commits: readonly Commit[]
  /** How many were durable, kept or not. */
  readonly count: number
  /** Keeps commits from now on, as many as may be. */
  open(): void
}

/** Looks at what is appended to a journal. */
export function tap(journal: Journal): Tap {
  const append = journal.append.bind(journal)
  const commits: Commit[] = []
  let room = 0
  let count = 0
  journal.append = async commit => {
    if (room > 0) {
      commits.push(commit)
      room -= commit.entries.length
    }
    await append(commit)
    count++
  }
  return {
    commits,
    get count() {
      return count
    },
    open: () => {
      room = ENTRIES_KEPT_MAX
    },
  }
}

export interface Floor {
  /** Entries a second that a journal takes when nothing else is done. */
  readonly journalEntriesPerSecond: number
  /** The same for their bytes in a plain file, one write and one sync a commit. */
  readonly fileEntriesPerSecond: number
}

/** Appends the commits again, from position 1. */
export async function floorOf(commits: readonly Commit[], directory: string): Promise<Floor> {
  const entries = entriesIn(commits)
  const fresh = fromStart(commits)
  const journal = openJournal({
    path: join(directory, 'floor'),
    holder: { ...thisProcess(), since: Date.now() },
  })
  let began = performance.now()
  for (const commit of fresh) await journal.append(commit)
  journal.settle()
  const journalMs = performance.now() - began
  journal.close()

  const bytes = fresh.map((commit, index) => {
    const segment = packSegment(index + 1, commit)
    return Buffer.concat([segment.entries, segment.records])
  })
  mkdirSync(directory, { recursive: true })
  const file = openSync(join(directory, 'floor.bytes'), 'w')
  began = performance.now()
  for (const one of bytes) {
    writeSync(file, one)
    fdatasyncSync(file)
  }
  const fileMs = performance.now() - began
  closeSync(file)
  return {
    journalEntriesPerSecond: (entries / journalMs) * 1000,
    fileEntriesPerSecond: (entries / fileMs) * 1000,
  }
}

function entriesIn(commits: readonly Commit[]): number {
  return commits.reduce((sum, commit) => sum + commit.entries.length, 0)
}

function fromStart(commits: readonly Commit[]): Commit[] {
  const before = (commits[0]?.first ?? 1) - 1
  return commits.map(commit => ({
    ...commit,
    first: commit.first - before,
    entries: commit.entries.map(entry => ({ ...entry, position: entry.position - before })),
  }))
}
