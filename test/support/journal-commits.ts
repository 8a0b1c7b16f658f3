/** Commits for tests: small lives of actors, with the numbers a journal expects worked out. */
import type { Address } from '../../actors/address.js'
import type { Command } from '../../actors/command.js'
import type {
  Commit,
  DeadLetter,
  JournalEntry,
  Loss,
  PublishedEvent,
  RecordIndex,
  SettledLetter,
} from '../../actors/commit.js'
import type { ActorRecord } from '../../actors/record.js'

export const T0 = Date.UTC(2026, 0, 1)

/** One command applied to one actor, and what the actor is like after it. */
export interface Applied {
  readonly address: Address
  readonly event?: { readonly type: string; readonly [field: string]: unknown }
  readonly at?: number
  readonly index?: Partial<RecordIndex>
  readonly record?: Partial<ActorRecord>
  readonly entry?: Partial<JournalEntry>
  readonly persistSnapshot?: boolean
}

export interface CommitExtras {
  readonly pending?: readonly Command[]
  readonly published?: readonly PublishedEvent[]
  readonly deadLetters?: readonly DeadLetter[]
  readonly settledLetters?: readonly SettledLetter[]
  readonly losses?: readonly Loss[]
}

/** Makes commits one after the other, counting seqs and positions. */
export class CommitMaker {
  #position: number
  readonly #seqs = new Map<Address, number>()
  readonly #born = new Map<Address, number>()

  constructor(position = 0) {
    this.#position = position
  }

  get position(): number {
    return this.#position
  }

  make(applied: readonly Applied[], extras: CommitExtras = {}): Commit {
    const first = this.#position + 1
    const entries = applied.map(one => this.#entry(one))
    const changes = new Map<Address, Commit['records'][number]>()
    applied.forEach((one, index) => {
      const before = changes.get(one.address)
      const change = this.#change(one, entries[index]!)
      changes.set(one.address, {
        ...change,
        persistSnapshot: change.persistSnapshot || (before?.persistSnapshot ?? false),
      })
    })
    const at = T0 + this.#position
    return {
      first,
      at,
      entries,
      records: [...changes.values()],
      pending: [],
      published: [],
      deadLetters: [],
      settledLetters: [],
      ...extras,
    }
  }

  #entry({ address, event = { type: 'GO' }, at, entry }: Applied): JournalEntry {
    const seq = (this.#seqs.get(address) ?? 0) + 1
    this.#seqs.set(address, seq)
    const position = ++this.#position
    if (!this.#born.has(address)) this.#born.set(address, position)
    const command: Command = { kind: 'message', commandId: `c-${position}`, target: address, event }
    return { address, seq, position, at: at ?? T0 + position, command, outcome: 'applied', ...entry }
  }

  #change(
    { address, index, record, persistSnapshot }: Applied,
    entry: JournalEntry,
  ): Commit['records'][number] {
    const { seq, position, at } = entry
    return {
      record: {
        address,
        incarnation: this.#born.get(address) ?? position,
        version: 'v1',
        seq,
        position,
        at,
        status: 'active',
        state: new Uint8Array([seq % 256, position % 256]),
        timers: [],
        invocations: [],
        children: [],
        epoch: 0,
        timer: 0,
        recent: [{ commandId: `c-${position}`, payload: 'p', seq, position, at, handled: true }],
        ...record,
      },
      index: { value: 'idle', tags: [], owes: false, ...index },
      persistSnapshot: persistSnapshot ?? false,
    }
  }
}
