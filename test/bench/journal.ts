/**
 * The journal bench: appends alone, each synced, in batches of 1, 100 and 500 entries over 50,000 actors,
 * settling into rows included as it falls due. A line a size; rates are medians of rounds.
 */
import { join } from 'node:path'
import { encode } from '../../actors/codec.js'
import type { Commit, JournalEntry, RecordChange } from '../../actors/commit.js'
import { openJournal } from '../../journal/index.js'
import { thisProcess } from '../../runtime/compose.js'
import type { Bench, Line } from './bench.js'
import { Latencies, median, round } from './statistics.js'

const ACTORS = 50_000
const ROUNDS = 7
const BATCHES = [1, 100, 500]
/** Entries a round: fewer where each costs a sync. */
const ROUND_ENTRIES = { single: 2_000, batched: 40_000 }

export const journalBench: Bench = {
  name: 'journal',
  question: 'how many commits and entries a second the journal takes, each commit synced',
  async *run({ directory, progress }) {
    for (const batch of BATCHES) {
      progress(`journal: batches of ${batch}`)
      yield await lineOf(batch, join(directory, `batch-${batch}`))
    }
  },
}

async function lineOf(batch: number, path: string): Promise<Line> {
  const journal = openJournal({ path, holder: { ...thisProcess(), since: Date.now() } })
  const latencies = new Latencies()
  const rates: number[] = []
  const source = new Commits()
  const commits = (batch === 1 ? ROUND_ENTRIES.single : ROUND_ENTRIES.batched) / batch
  for (let turn = 0; turn <= ROUNDS; turn++) {
    const ready = Array.from({ length: commits }, () => source.next(batch))
    if (turn === 1) latencies.reset()
    let elapsedMs = 0
    for (const commit of ready) {
      const began = performance.now()
      await journal.append(commit)
      const ms = performance.now() - began
      latencies.note(ms)
      elapsedMs += ms
    }
    if (turn > 0) rates.push((commits / elapsedMs) * 1000)
  }
  const began = performance.now()
  journal.settle()
  const settleMs = performance.now() - began
  const bytes = journal.bytes()
  journal.close()
  return {
    bench: 'journal',
    entriesPerCommit: batch,
    commitsPerSecond: round(median(rates)),
    entriesPerSecond: round(median(rates) * batch),
    p50Ms: latencies.percentile(50),
    p99Ms: latencies.percentile(99),
    settleRestMs: round(settleMs),
    bytesPerEntry: round(bytes / (commits * batch * (ROUNDS + 1))),
  }
}

/** Makes commits like the engine's: a message to each of so many actors, and their records. */
class Commits {
  #position = 0
  readonly #seqs = new Uint32Array(ACTORS)

  next(size: number): Commit {
    const first = this.#position + 1
    const at = 1_700_000_000_000 + first
    const made = Array.from({ length: size }, () => this.#message(at))
    return {
      first,
      at,
      entries: made.map(one => one.entry),
      records: made.map(one => one.change),
      pending: [],
      published: [],
      deadLetters: [],
      settledLetters: [],
    }
  }

  #message(at: number): { entry: JournalEntry; change: RecordChange } {
    const position = ++this.#position
    // A stride prime to the number of actors: every actor in turn, neighbours far apart.
    const actor = (position * 7919) % ACTORS
    const address = `order/o-${actor}`
    const seq = (this.#seqs[actor] ?? 0) + 1
    this.#seqs[actor] = seq
    const commandId = `message-${position}`
    const command = {
      kind: 'message',
      commandId,
      target: address,
      event: { type: 'APPROVE', by: 'ann', amount: position % 500 },
    } as const
    const value = seq % 2 === 0 ? 'approved' : 'waiting'
    const state = encode([
      value,
      { orderId: `o-${actor}`, customer: `c-${actor % 100}`, amount: position % 500, approvals: seq },
    ])
    const record = {
      address,
      incarnation: actor + 1,
      version: '1',
      seq,
      position,
      at,
      status: 'active',
      state,
      timers: [],
      invocations: [],
      children: [],
      epoch: 1,
      timer: 0,
      recent: [{ commandId, payload: '0123456789abcdef0123456789abcdef', seq, position, at, handled: true }],
    } as const
    return {
      entry: { address, seq, position, at, command, outcome: 'applied', value },
      change: { record, index: { value, tags: ['waiting'], owes: false }, persistSnapshot: false },
    }
  }
}
