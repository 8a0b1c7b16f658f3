/**
 * Fills a journal with orders without living their lives: one is lived and recorded, the rest are written as the
 * same entries and the same record under other ids, straight into the journal and not synced. Nine of ten
 * have ended; one waits for its customer, with a timer far away.
 *
 * Ids are scattered, as minted ids are: each order comes between others in every index.
 */
import { rmSync } from 'node:fs'
import type { Commit, JournalEntry, RecordChange } from '../../actors/commit.js'
import { openJournal } from '../../journal/index.js'
import { thisProcess } from '../../runtime/compose.js'
import type { EmbeddedRuntime } from '../../runtime/embedded/embedded-runtime.js'
import { createRuntime } from '../../runtime/index.js'
import { tap } from './floor.js'
import { type BenchOrder, order, orderOf } from './order-machine.js'

export const ORDERS_A_COMMIT = 128
const STEPS_TOLD = 10
/** One order in so many has not ended. */
export const WAITING_EVERY = 10
/** An odd number: the multiples of it are all numbers of 32 bits, in an order without a pattern. */
const STRIDE = 0x9e3779b1

/** The order of number `n` under a scattered id; ids are all of one length. */
export function scatteredOrder(n: number): BenchOrder {
  const id = (Math.imul(n, STRIDE) >>> 0).toString(16).padStart(8, '0')
  return { ...orderOf(n), orderId: `o-${id}` }
}

/** The number of the latest order before `n` that was left waiting. */
export function waitingBefore(n: number): number {
  return n - (n % WAITING_EVERY)
}

/** Adds the orders of numbers `from` to `to` − 1. */
export async function fill(path: string, from: number, to: number, told: (share: string) => void) {
  const recorded = await recordOrder(`${path}-recorded`)
  const journal = openJournal({
    path,
    holder: { ...thisProcess(), since: Date.now() },
    durability: 'normal',
  })
  try {
    let position = journal.position
    let nextTold = from + 1
    for (let first = from; first < to; first += ORDERS_A_COMMIT) {
      if (first >= nextTold) {
        told(`${first} orders`)
        nextTold += Math.ceil((to - from) / STEPS_TOLD)
      }
      const count = Math.min(to - first, ORDERS_A_COMMIT)
      const commit = commitOf(
        recorded,
        position,
        Array.from({ length: count }, (_, n) => first + n),
      )
      position += commit.entries.length
      await journal.append(commit)
    }
    journal.settle()
    return journal.bytes()
  } finally {
    journal.close()
  }
}

/** A life, up to where it waits and up to its end. */
export interface Recorded {
  readonly orderId: string
  readonly waiting: Life
  readonly ended: Life
}

interface Life {
  readonly entries: readonly JournalEntry[]
  readonly last: RecordChange
}

/** Lives one in a directory, which is removed. */
export async function recordOrder(path: string): Promise<Recorded> {
  const runtime = await createRuntime({ actors: [order], path, control: false })
  const seen = tap((runtime as EmbeddedRuntime).shard.journal)
  seen.open()
  const input = scatteredOrder(0)
  try {
    const actor = runtime.actor(order, input.orderId)
    await actor.start(input)
    await actor.waitFor(snapshot => snapshot.value === 'underway')
    const waiting = lifeIn(seen.commits)
    await actor.ask({ type: 'DELIVERED' })
    return { orderId: input.orderId, waiting, ended: lifeIn(seen.commits) }
  } finally {
    await runtime.stop()
    rmSync(path, { recursive: true, force: true })
  }
}

function lifeIn(commits: readonly Commit[]): Life {
  const last = commits.at(-1)?.records[0]
  if (last === undefined) throw new Error('the order that is to be recorded left no record')
  return { entries: commits.flatMap(commit => commit.entries), last }
}

/** The orders of those numbers as one commit after a position. */
export function commitOf(recorded: Recorded, position: number, numbers: readonly number[]): Commit {
  const entries: JournalEntry[] = []
  const records: RecordChange[] = []
  for (const n of numbers) {
    const life = n % WAITING_EVERY === 0 ? recorded.waiting : recorded.ended
    const rename = renaming(recorded.orderId, scatteredOrder(n).orderId)
    const incarnation = position + entries.length + 1
    for (const entry of life.entries)
      entries.push({ ...rename(entry), position: position + entries.length + 1 })
    const { record, ...rest } = rename(life.last)
    records.push({ ...rest, record: { ...record, incarnation, position: position + entries.length } })
  }
  const at = Date.now()
  const none = { pending: [], published: [], deadLetters: [], settledLetters: [] }
  return { first: position + 1, at, entries, records, ...none }
}

/** Copies values with one id in place of another of the same length, in encoded ones too. */
function renaming(from: string, to: string): <T>(value: T) => T {
  const bytes = Buffer.from(to)
  const copy = (value: unknown): unknown => {
    if (typeof value === 'string') return value.includes(from) ? value.replaceAll(from, to) : value
    if (typeof value !== 'object' || value === null) return value
    if (value instanceof Uint8Array) return renamedBytes(value)
    if (Array.isArray(value)) return value.map(copy)
    const copied: Record<string, unknown> = {}
    for (const name in value) copied[name] = copy((value as Record<string, unknown>)[name])
    return copied
  }
  const renamedBytes = (encoded: Uint8Array): Buffer => {
    const copied = Buffer.from(encoded)
    for (let at = copied.indexOf(from); at >= 0; at = copied.indexOf(from, at + 1)) copied.set(bytes, at)
    return copied
  }
  return value => copy(value) as typeof value
}
