/**
 * What is durable, kept as plain maps beside the journal: what a recovery must find, what may have left.
 *
 * Owns no opinion of what a commit should hold beyond its form; the checks of what it means are elsewhere.
 */
import type { Address } from '../../actors/address.js'
import { normalise } from '../../actors/codec.js'
import type { Command, InvocationToken } from '../../actors/command.js'
import type { Commit, JournalEntry, Loss, PublishedEvent } from '../../actors/commit.js'
import { digest } from '../../actors/digest.js'
import type { Journal } from '../../actors/journal.js'
import type { ActorRecord } from '../../actors/record.js'

interface DurableCommit {
  readonly first: number
  readonly digest: string
}

export class Truth {
  readonly commits: DurableCommit[] = []
  readonly entries: JournalEntry[] = []
  readonly published: PublishedEvent[] = []
  readonly records = new Map<Address, ActorRecord>()
  /** Attempts that were ever owed, by name; those whose beginning was recorded among them. */
  readonly owed = new Map<string, string>()
  /** Not compared with the journal since they were committed. */
  readonly #changed = new Set<Address>()
  readonly #last = new Map<Address, JournalEntry>()
  #pending: readonly Command[] = []
  #losses: readonly Loss[] = []
  /** Letters that came, and letters that were settled. */
  #letters = 0
  /** All that ever came, by whom and what they are about. */
  readonly buried = new Map<string, number>()
  #perhaps: Commit | undefined
  readonly #fail: (what: string) => void
  readonly #onTimer: (dueAt: number, at: number, what: string) => void

  constructor(site: {
    fail(what: string): void
    /** A timer fired, for good: when it was due, and when it did. */
    timerFired(dueAt: number, at: number, what: string): void
  }) {
    this.#fail = what => site.fail(what)
    this.#onTimer = (dueAt, at, what) => site.timerFired(dueAt, at, what)
  }

  get position(): number {
    return this.entries.length
  }

  seqOf(address: Address): number {
    return this.records.get(address)?.seq ?? 0
  }

  /** A commit became durable. */
  add(given: Commit): void {
    const commit = normalise(given)
    if (commit.first !== this.position + 1)
      this.#fail(`a commit begins at ${commit.first}, after position ${this.position}`)
    for (const entry of commit.entries) this.#addEntry(entry, commit)
    for (const { record } of commit.records) {
      this.records.set(record.address, record)
      this.#changed.add(record.address)
      this.#owe(record)
    }
    if (commit.losses !== undefined) {
      this.#losses = commit.losses
      for (const record of this.records.values()) this.#owe(record)
    }
    this.published.push(...commit.published)
    if (commit.entries.length > 0) this.commits.push({ first: commit.first, digest: commitDigest(commit) })
    this.#pending = commit.pending
    for (const { command } of commit.deadLetters) {
      const name = `${command.target} ${command.commandId}`
      this.buried.set(name, (this.buried.get(name) ?? 0) + 1)
    }
    this.#letters += commit.deadLetters.length - commit.settledLetters.length
  }

  /** Of what a process that ended had begun, the attempt after is owed, and none else. */
  #owe({ address: actor, incarnation, invocations }: ActorRecord): void {
    for (const { id, epoch, position, tasks } of invocations) {
      const lost = this.#losses.filter(({ until, to }) => position <= until && actor <= to).length
      for (const [task, { attempt: last, state }] of tasks.entries()) {
        if (state !== 'ready' && state !== 'started') continue
        const attempt = state === 'ready' ? last + lost : last
        this.owed.set(attemptName({ actor, incarnation, id, epoch, task, attempt }), state)
      }
    }
  }

  #addEntry(entry: JournalEntry, commit: Commit): void {
    const { address, seq, position, at } = entry
    const name = `entry ${seq} of ${address} at ${position}`
    if (position !== this.position + 1) this.#fail(`${name}: expected position ${this.position + 1}`)
    const record = commit.records.find(one => one.record.address === address)?.record
    if (record === undefined || record.seq < seq) this.#fail(`${name} is committed without its record`)
    const before = this.#last.get(address)
    if (seq !== (before?.seq ?? 0) + 1) this.#fail(`${name} follows entry ${before?.seq ?? 0}`)
    if (before !== undefined && at < before.at) this.#fail(`${name} is earlier than the one before`)
    this.#last.set(address, entry)
    this.entries.push(entry)
    if (entry.command.kind === 'timer') this.#fired(entry, entry.command.timer)
  }

  #fired({ address, at }: JournalEntry, number: number): void {
    // One set in the same commit is in no record: it was due at once.
    const timer = this.records.get(address)?.timers.find(one => one.number === number)
    if (timer === undefined) return
    if (at < timer.dueAt) this.#fail(`${address}: timer ${number} fired ${timer.dueAt - at} ms early`)
    this.#onTimer(timer.dueAt, at, `timer ${number} of ${address}`)
  }

  /** The process dies while this is written: a recovery finds it or not. */
  perhaps(commit: Commit): void {
    this.#perhaps = normalise(commit)
  }

  /** A recovery must find all that was durable, and nothing else. */
  recovered(journal: Journal): void {
    const perhaps = this.#perhaps
    this.#perhaps = undefined
    if (perhaps !== undefined && this.#isThere(perhaps, journal)) this.add(perhaps)
    if (journal.position !== this.position)
      this.#fail(`a recovery found position ${journal.position}: expected ${this.position}`)
    const from = this.commits.at(-3)?.first ?? 1
    this.#compareCommits(journal, from)
    if (digest(journal.pending()) !== digest(this.#pending))
      this.#fail('a recovery found other pending commands than were committed')
    if (digest(journal.losses()) !== digest(this.#losses))
      this.#fail('a recovery found other losses than were committed')
    if (journal.countDeadLetters() !== this.#letters)
      this.#fail(`a recovery found ${journal.countDeadLetters()} dead letters: expected ${this.#letters}`)
    for (const address of this.#changed) this.#compareRecord(journal, address)
    this.#changed.clear()
  }

  #compareRecord(journal: Journal, address: Address): void {
    if (recordDigest(journal.read(address)?.record) !== recordDigest(this.records.get(address)))
      this.#fail(`a recovery found another ${address} than was committed`)
  }

  /** The same over the whole journal. */
  compare(journal: Journal): void {
    this.recovered(journal)
    this.#compareCommits(journal, 1)
    for (const address of this.records.keys()) this.#compareRecord(journal, address)
  }

  /** A commit without entries shows by its pending commands, its losses, or its dead letters. */
  #isThere(commit: Commit, journal: Journal): boolean {
    if (commit.entries.length > 0) return journal.position >= commit.first
    if (commit.deadLetters.length !== commit.settledLetters.length)
      return journal.countDeadLetters() !== this.#letters
    if (commit.losses !== undefined && digest(journal.losses()) !== digest(commit.losses)) return false
    return digest(journal.pending()) === digest(commit.pending)
  }

  #compareCommits(journal: Journal, from: number): void {
    const expected = this.commits.filter(one => one.first >= from).map(one => one.digest)
    const found = [...journal.commits(from - 1)]
      .filter(one => one.first >= from && one.entries.length > 0)
      .map(commitDigest)
    if (expected.join() !== found.join())
      this.#fail(`the journal's commits from ${from} on are not those that were made`)
  }
}

function commitDigest({
  first,
  at,
  entries,
  published,
  deadLetters,
  settledLetters,
}: Pick<Commit, 'first' | 'at' | 'entries' | 'published' | 'deadLetters' | 'settledLetters'>): string {
  return digest({ first, at, entries, published, deadLetters, settledLetters })
}

/** Whether bytes came back as a Buffer or an array is nothing to anybody. */
function recordDigest(record: ActorRecord | undefined): string {
  return digest(record && { ...record, state: Buffer.from(record.state).toString('hex') })
}

export function attemptName(token: InvocationToken): string {
  return `${token.actor}:${token.incarnation}.${token.epoch}.${token.task} attempt ${token.attempt}`
}
