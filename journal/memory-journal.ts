/**
 * The journal in memory: what a runtime without a path has, and what the SQLite one is tested against. It is
 * deliberately dumb: it keeps what it is given and searches it from end to end.
 *
 * Invariant: nothing it took or gave is shared with the caller.
 */
import { type Address, idOf, parentOf } from '../actors/address.js'
import { encodedLength, normalise } from '../actors/codec.js'
import type { Command } from '../actors/command.js'
import type {
  Commit,
  InboxPosition,
  JournalEntry,
  Loss,
  RecordChange,
  RecordIndex,
} from '../actors/commit.js'
import { SetupError } from '../actors/errors.js'
import type {
  ActorCount,
  DueActor,
  Journal,
  KeptLetter,
  ListedActor,
  ListQuery,
  LogPosition,
  OwingCursor,
  StoredCommit,
  StoredRecord,
  Unsettled,
} from '../actors/journal.js'
import { limits } from '../actors/limits.js'
import type { StateAt } from '../actors/logged-commit.js'
import type { ActorRecord } from '../actors/record.js'
import { checkCommit } from './commit-check.js'
import { EntryPage } from './entry-page.js'
import { type JournalPlace, nowhere, placeAfter } from './journal-place.js'
import { letterId } from './letter-id.js'
import { byAddress, byKind, matches } from './query.js'
import { keptSnapshots, SNAPSHOTS_KEPT } from './snapshots.js'

interface StoredActor {
  readonly change: RecordChange
  readonly snapshots: readonly ActorRecord[]
}

export class MemoryJournal implements Journal {
  #commits: Commit[] = []
  #actors = new Map<Address, StoredActor>()
  #pruned = new Map<Address, number>()
  /** Up to which position an address's entries are those of an actor that is forgotten. */
  #forgotten = new Map<Address, number>()
  #letters: KeptLetter[] = []
  #fingerprints = new Map<string, string>()
  #position = 0
  #place: JournalPlace = nowhere

  readonly wasKilled = false
  readonly historyFrom = 1

  get position(): number {
    return this.#position
  }

  async append(commit: Commit, at?: LogPosition): Promise<void> {
    checkCommit(commit, this.#position, id => this.deadLetter(id) !== undefined)
    const kept = normalise(commit)
    this.#commits.push(kept)
    this.#position += kept.entries.length
    this.#place = placeAfter(this.#place, kept, at)
    const settled = new Set(kept.settledLetters.map(letter => letter.id))
    this.#letters = this.#letters.filter(letter => !settled.has(letter.id))
    kept.deadLetters.forEach((letter, ordinal) => {
      this.#letters.push({ ...letter, id: letterId({ commit: this.#commits.length, ordinal }) })
    })
    for (const change of kept.records) {
      const before = this.#actors.get(change.record.address)?.snapshots ?? []
      const snapshots = change.persistSnapshot ? keptSnapshots([...before, change.record]) : before
      this.#actors.set(change.record.address, { change, snapshots })
    }
  }

  pending(): readonly Command[] {
    return normalise(this.#commits.at(-1)?.pending ?? [])
  }

  taken(): readonly InboxPosition[] {
    return this.#place.taken
  }

  losses(): readonly Loss[] {
    return this.#place.losses
  }

  get logPosition(): LogPosition | undefined {
    return this.#place.log
  }

  read(address: Address): StoredRecord | undefined {
    const actor = this.#actors.get(address)
    return actor && { record: normalise(actor.change.record) }
  }

  stateOf(address: Address): StateAt | undefined {
    const record = this.read(address)?.record
    return record && { seq: record.seq, state: record.state }
  }

  due(kind: 'timer' | 'retry', until: number, limit: number): readonly DueActor[] {
    return this.#waiting(kind)
      .filter(actor => actor.dueAt <= until)
      .sort((a, b) => a.dueAt - b.dueAt || byAddress(a, b))
      .slice(0, limit)
  }

  nextDueAt(kind: 'timer' | 'retry'): number | undefined {
    const earliest = this.#waiting(kind).reduce(
      (least, { dueAt }) => Math.min(least, dueAt),
      Number.POSITIVE_INFINITY,
    )
    return earliest === Number.POSITIVE_INFINITY ? undefined : earliest
  }

  owing(): OwingCursor {
    let after: Address = ''
    const next = (limit: number) => {
      const page = [...this.#actors.values()]
        .filter(({ change: { index, record } }) => index.owes && record.address > after)
        .map(({ change: { record } }) => record)
        .sort(byAddress)
        .slice(0, limit)
      after = page.at(-1)?.address ?? after
      return normalise(page).map(record => ({ record }))
    }
    return { next }
  }

  entries(
    address: Address,
    after: number,
    limit: number,
    bytesMax = limits.pageBytesMax,
  ): readonly JournalEntry[] {
    const pruned = this.#pruned.get(address) ?? 0
    const forgotten = this.#forgotten.get(address) ?? 0
    const found = this.#commits
      .flatMap(commit => commit.entries)
      .filter(
        entry =>
          entry.address === address && entry.seq > Math.max(after, pruned) && entry.position > forgotten,
      )
    const page = new EntryPage(limit, bytesMax)
    for (const entry of found) {
      if (page.isFull) break
      page.add(normalise(entry), encodedLength(entry))
    }
    return page.entries
  }

  recordAt(address: Address, seq: number): ActorRecord | undefined {
    const actor = this.#actors.get(address)
    if (actor === undefined) return undefined
    return normalise([...actor.snapshots, actor.change.record].findLast(record => record.seq <= seq))
  }

  list(query: ListQuery): readonly ListedActor[] {
    const { after } = query
    return normalise(
      this.#listed(query)
        .filter(actor => after === undefined || actor.address > after)
        .sort(byAddress)
        .slice(0, query.limit),
    )
  }

  count(query: Omit<ListQuery, 'after' | 'limit'>): number {
    return this.#listed(query).length
  }

  counts(): readonly ActorCount[] {
    const counts = new Map<string, ActorCount>()
    for (const { change } of this.#actors.values()) {
      const { address, version, status } = change.record
      if (parentOf(address) !== undefined) continue
      const { type } = idOf(address)
      const key = JSON.stringify([type, version, status])
      counts.set(key, { type, version, status, count: (counts.get(key)?.count ?? 0) + 1 })
    }
    return [...counts.values()].sort(byKind)
  }

  deadLetters(after: string | undefined, limit: number): readonly KeptLetter[] {
    const letters = this.#letters.filter(one => after === undefined || one.id > after)
    return normalise(letters.slice(0, limit))
  }

  deadLetter(id: string): KeptLetter | undefined {
    return normalise(this.#letters.find(letter => letter.id === id))
  }

  countDeadLetters(): number {
    return this.#letters.length
  }

  *commits(after: number): IterableIterator<StoredCommit> {
    for (const commit of this.#commits) {
      if (commit.first <= after && commit.first + commit.entries.length - 1 <= after) continue
      const { records, pending: _, ...rest } = commit
      yield normalise({ ...rest, records: records.map(change => change.record) })
    }
  }

  fingerprint(type: string, version: string, found: string): string {
    const key = JSON.stringify([type, version])
    const recorded = this.#fingerprints.get(key) ?? found
    this.#fingerprints.set(key, recorded)
    return recorded
  }

  prune(address: Address, seq: number): number {
    const snapshots = this.#actors.get(address)?.snapshots ?? []
    if (snapshots.length < SNAPSHOTS_KEPT) return 0
    const from = this.#pruned.get(address) ?? 0
    const to = Math.min(seq, snapshots.at(-SNAPSHOTS_KEPT)!.seq)
    if (to <= from) return 0
    const before = this.#entriesKept(address)
    this.#pruned.set(address, to)
    // A state whose next entries are gone is nothing to fold from.
    const kept = snapshots.filter(one => one.seq >= to)
    this.#actors.set(address, { ...this.#actors.get(address)!, snapshots: kept })
    return before - this.#entriesKept(address)
  }

  ended(type: string, until: number, limit: number): readonly Address[] {
    return [...this.#actors.values()]
      .map(({ change }) => change.record)
      .filter(({ address, status, at }) => status !== 'active' && at <= until && isRootOf(type, address))
      .sort((a, b) => a.at - b.at || byAddress(a, b))
      .slice(0, limit)
      .map(({ address }) => address)
  }

  forget(address: Address): void {
    for (const one of [...this.#actors.keys()]) {
      if (one !== address && !one.startsWith(`${address}/`)) continue
      this.#actors.delete(one)
      this.#pruned.delete(one)
      this.#forgotten.set(one, this.#position)
    }
    const isBelow = ({ command: { target } }: KeptLetter) =>
      target === address || target.startsWith(`${address}/`)
    this.#letters = this.#letters.filter(letter => !isBelow(letter))
  }

  bytes(): number {
    return 0
  }

  unsettled(): Unsettled {
    return { segments: 0, bytes: 0, since: undefined }
  }

  async backup(directory: string): Promise<never> {
    throw new SetupError('JournalMissing', `a journal in memory has no files to copy to ${directory}`, {
      directory,
    })
  }

  settle(): void {}

  flush(): void {}

  close(): void {}

  #entriesKept(address: Address): number {
    return this.entries(address, 0, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY).length
  }

  #waiting(kind: 'timer' | 'retry'): DueActor[] {
    return [...this.#actors.values()].flatMap(({ change: { record, index } }) => {
      const dueAt = kind === 'timer' ? index.timerDueAt : index.retryDueAt
      return dueAt === undefined || dueAt === Number.POSITIVE_INFINITY
        ? []
        : [{ address: record.address, dueAt }]
    })
  }

  #listed(query: Omit<ListQuery, 'after' | 'limit'>): ListedActor[] {
    return [...this.#actors.values()]
      .map(({ change: { record, index } }) => listed(record, index))
      .filter(actor => matches(query, actor))
  }
}

function isRootOf(type: string, address: Address): boolean {
  return parentOf(address) === undefined && idOf(address).type === type
}

function listed(record: ActorRecord, { value, tags, quarantined }: RecordIndex): ListedActor {
  const { address, status, version, seq, at } = record
  const actor = { address, value, tags, status, version, seq, at }
  return quarantined === undefined ? actor : { ...actor, quarantined }
}
