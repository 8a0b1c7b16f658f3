/**
 * A shard host in this process, as clients see it.
 */
import type { Address } from '../../actors/address.js'
import type { Clock } from '../../actors/clock.js'
import { encode } from '../../actors/codec.js'
import type { ActorEvent, Command } from '../../actors/command.js'
import type { JournalEntry } from '../../actors/commit.js'
import type { PerdureError } from '../../actors/errors.js'
import type { AppliedCommand } from '../../actors/inbox.js'
import type { Journal, ListedActor, ListQuery } from '../../actors/journal.js'
import type { Limits } from '../../actors/limits.js'
import type { ActorService, SeenActor } from '../client/service.js'
import { entriesOf, lifeAfter, lifeAt } from '../commit/history.js'
import type { MemoryInbox } from '../inbox/memory-inbox.js'
import type { ShardHost } from '../shard-host.js'
import type { Bindings } from '../step/bindings.js'
import { type Life, snapshotOf } from '../step/life.js'

/** What one start of an embedded runtime is made of. */
export interface Shard {
  readonly host: ShardHost
  readonly inbox: MemoryInbox
  readonly journal: Journal
}

export interface EmbeddedSite {
  readonly bindings: Bindings
  readonly clock: Clock
  readonly limits: Limits
  mintId(): string
  /** The shard as it runs now. */
  shard(): Shard
}

export class EmbeddedService implements ActorService {
  readonly #site: EmbeddedSite

  constructor(site: EmbeddedSite) {
    this.#site = site
  }

  get clock(): Clock {
    return this.#site.clock
  }

  get limits(): Limits {
    return this.#site.limits
  }

  get types(): readonly string[] {
    return this.#site.bindings.types
  }

  mintId(): string {
    return this.#site.mintId()
  }

  submit(command: Command): Promise<AppliedCommand> {
    const { host, inbox } = this.#site.shard()
    return new Promise((resolve, reject) => {
      const { refusal } = host
      if (refusal !== undefined) throw refusal
      inbox.offer({
        command,
        bytes: encode(command).length,
        settle: answer => (answer.ok ? resolve(answer.applied) : reject(answer.error)),
      })
    })
  }

  see(address: Address, atSeq?: number): SeenActor | undefined {
    const { host, journal } = this.#open()
    const { bindings, limits, clock } = this.#site
    const life = host.cache.get(address, clock.now())
    if (life === undefined || atSeq === undefined || atSeq >= life.record.seq) return life && seen(life)
    const then = lifeAt(address, atSeq, journal, bindings, limits)
    return then && seen(then)
  }

  follow(address: Address, listener: (seen: SeenActor) => void): () => void {
    return this.#site.shard().host.followers.onStep(address, step => listener(seen(step.life)))
  }

  followEvents(address: Address, listener: (event: ActorEvent) => void): () => void {
    const { followers } = this.#site.shard().host
    const ends = [
      followers.onPublished(address, published => listener(published.event)),
      followers.onLive(address, listener),
    ]
    return () => {
      for (const end of ends) end()
    }
  }

  onEnd(listener: (error: PerdureError) => void): () => void {
    return this.#site.shard().host.followers.onEnd(listener)
  }

  *states(address: Address, after: number): Iterable<SeenActor> {
    const { journal } = this.#open()
    const { bindings, limits } = this.#site
    if (after > 0 && journal.entries(address, after, 1).length === 0) return
    let life = after > 0 ? lifeAt(address, after, journal, bindings, limits) : undefined
    for (const entry of this.entries(address, life?.record.seq ?? 0)) {
      life = lifeAfter(life, entry, bindings, limits)
      if (life !== undefined && entry.seq > after) yield seen(life)
    }
  }

  entries(address: Address, after: number): Iterable<JournalEntry> {
    return entriesOf(this.#open().journal, address, after, this.#site.limits)
  }

  list(query: ListQuery): readonly ListedActor[] {
    return this.#open().journal.list(query)
  }

  /** The shard, to be read. @throws UnavailableError once it has ended: its journal is closed. */
  #open(): Shard {
    const shard = this.#site.shard()
    if (shard.host.isOver) throw shard.host.refusal
    return shard
  }
}

function seen(life: Life): SeenActor {
  return {
    snapshot: snapshotOf(life),
    seq: life.record.seq,
    version: life.record.version,
  }
}
