/**
 * A shard host in this process, as clients see it.
 */
import type { Address } from '../../actors/address.js'
import type { Clock } from '../../actors/clock.js'
import { encodedLength } from '../../actors/codec.js'
import type { ActorEvent, Command, LetterOrder } from '../../actors/command.js'
import type { JournalEntry } from '../../actors/commit.js'
import { LaterEntryError, LetterNotFoundError, type PerdureError } from '../../actors/errors.js'
import type { Answer, AppliedCommand, Delivery, LetterReceipt } from '../../actors/inbox.js'
import type { Journal, ListedActor, ListQuery } from '../../actors/journal.js'
import type { Limits } from '../../actors/limits.js'
import { assertNoneElsewhere } from '../api/history-here.js'
import { quarantineIn } from '../api/views.js'
import type { ActorService, SeenActor, Watch } from '../client/service.js'
import { foldTowards, lifeAfter, lifeAt } from '../commit/history.js'
import type { Load } from '../observe/load.js'
import type { Tracing } from '../observe/tracing/tracing.js'
import type { ShardHost } from '../shard-host.js'
import type { Bindings } from '../step/bindings.js'
import { type Life, revive, snapshotOf } from '../step/life.js'

/** An inbox that commands of this process are put into. */
export interface OpenInbox {
  /** @throws OverloadedError when as many wait as may, or as much. */
  offer(delivery: Delivery): void
  readonly size: number
  /** How many found it full. */
  readonly refused: number
}

/** What one start of an embedded runtime is made of. */
export interface Shard {
  readonly host: ShardHost
  readonly inbox: OpenInbox
  readonly journal: Journal
}

export interface EmbeddedSite {
  readonly bindings: Bindings
  readonly clock: Clock
  readonly limits: Limits
  mintId(): string
  /** The shard as it runs now. */
  shard(): Shard
  readonly tracing: Tracing | undefined
}

export class EmbeddedService implements ActorService {
  readonly #site: EmbeddedSite
  /** Until when those are done who wait for a turn. */
  #turns = Promise.resolve()

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
    const { tracing } = this.#site
    if (tracing !== undefined) return tracing.sending(command, traced => this.#submit(traced))
    if (command.trace === undefined) return this.#submit(command)
    // Nobody looks at traces here: none is written down.
    const { trace: _, ...untraced } = command
    return this.#submit(untraced)
  }

  #submit(command: Command): Promise<AppliedCommand> {
    return this.#offer(command, answer => 'applied' in answer && answer.applied)
  }

  /**
   * Redrives or drops a dead letter; resolves once that is durable.
   * @throws LetterNotFoundError when it is settled; StepFailedError when it failed again, which left a new letter;
   * any other PerdureError when it was refused, and is where it was.
   */
  async settleLetter(order: LetterOrder): Promise<LetterReceipt> {
    const letter = this.journal.deadLetter(order.letter)
    if (letter === undefined) throw new LetterNotFoundError(order.letter)
    const { target } = letter.command
    const command: Command = { kind: 'operator', commandId: this.mintId(), target, order }
    return this.#offer(command, answer => 'letter' in answer && answer.letter)
  }

  /** @param pick what is wanted of the answer; false for an answer to something else. */
  #offer<Receipt>(
    command: Command,
    pick: (answer: Extract<Answer, { ok: true }>) => Receipt | false,
  ): Promise<Receipt> {
    const { host, inbox } = this.#site.shard()
    return new Promise((resolve, reject) => {
      const { refusal } = host
      if (refusal !== undefined) throw refusal
      inbox.offer({
        command,
        bytes: encodedLength(command),
        settle: answer => {
          const picked = answer.ok && pick(answer)
          if (picked !== false) resolve(picked)
          else
            reject(answer.ok ? new Error(`${command.commandId} has an answer of another kind`) : answer.error)
        },
      })
    })
  }

  async see(address: Address, atSeq?: number): Promise<SeenActor | undefined> {
    const now = this.seeNow(address)
    if (now === undefined || atSeq === undefined || isLast(address, now.seq, atSeq)) return now
    const then = await this.#lifeAt(address, atSeq)
    return then && seen(then)
  }

  /** The same, at once, whoever waits meanwhile. */
  seeNow(address: Address, atSeq?: number): SeenActor | undefined {
    const { host, journal } = this.#open()
    const { bindings, limits, clock } = this.#site
    const life = host.cache.get(address, clock.now())
    if (life === undefined || atSeq === undefined) return life && seen(life)
    if (isLast(address, life.record.seq, atSeq)) return seen(life)
    const then = lifeAt(address, atSeq, journal, bindings, limits)
    return then && seen(then)
  }

  /** As `lifeAt`, in turns with others. */
  async #lifeAt(address: Address, seq: number): Promise<Life | undefined> {
    const { bindings, limits } = this.#site
    const fold = foldTowards(address, seq, this.journal, bindings, limits)
    if (fold.seq >= seq) return fold.life
    for await (const entry of this.entries(address, fold.seq, seq - fold.seq)) {
      if (entry.seq > seq || !fold.take(entry)) break
    }
    return fold.life
  }

  follow(address: Address, listener: (seen: SeenActor) => void): () => void {
    return this.#site.shard().host.followers.onStep(address, step => listener(seen(step.life)))
  }

  watch(address: Address, listener: (seen: SeenActor) => void): Watch {
    const stop = this.follow(address, listener)
    return { now: this.see(address), stop }
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

  async *states(address: Address, after: number): AsyncGenerator<SeenActor> {
    const { journal } = this.#open()
    const { bindings, limits } = this.#site
    if (journal.historyFrom === 1) {
      if (after > 0 && journal.entries(address, after, 1).length === 0) return
    } else if ((this.seeNow(address)?.seq ?? 0) <= after) return
    let life = await this.#stateToGoOnFrom(address, after)
    if (life !== undefined && life.record.seq > after) yield seen(life)
    for await (const entry of this.entries(address, life?.record.seq ?? 0)) {
      life = lifeAfter(life, entry, { journal: this.journal, bindings, limits })
      if (life !== undefined && entry.seq > after) yield seen(life)
    }
  }

  /** The state after that entry; where the entries that follow it were left behind by an image, the first that is known. */
  async #stateToGoOnFrom(address: Address, after: number): Promise<Life | undefined> {
    const { journal } = this.#open()
    const { bindings } = this.#site
    const [next] = journal.historyFrom === 1 ? [] : journal.entries(address, after, 1)
    if (journal.historyFrom === 1 || next?.seq === after + 1)
      return after > 0 ? await this.#lifeAt(address, after) : undefined
    const known = next === undefined ? journal.read(address)?.record : journal.recordAt(address, next.seq - 1)
    return known && revive(known, bindings.of(known))
  }

  /** @param limit how many entries at the most. */
  async *entries(
    address: Address,
    after: number,
    limit = Number.POSITIVE_INFINITY,
  ): AsyncGenerator<JournalEntry> {
    const { readAheadEntriesMax, readAheadBytesMax, readShareEntriesMax } = this.#site.limits
    // What is committed while it is read is not chased.
    const end = this.#open().journal.position
    let read = 0
    for (let last = after; read < limit; ) {
      const rows = Math.min(readAheadEntriesMax, limit - read)
      // Opened for each page: a reader may be slow, and the shard may have ended or begun again meanwhile.
      const page = this.#open().journal.entries(address, last, rows, readAheadBytesMax)
      if (page.length === 0) {
        if (read === 0) assertNoneElsewhere(address, last, this.#open().journal)
        return
      }
      for (const [index, entry] of page.entries()) {
        if (entry.position > end) return
        // With each page besides: few that are large take as long as many.
        if (read > 0 && (index === 0 || read % readShareEntriesMax === 0)) await this.#turn()
        yield entry
        read++
      }
      last = page.at(-1)!.seq
    }
  }

  /** Long histories are read one share in a round of the event loop, all readers together: commands come between. */
  #turn(): Promise<void> {
    this.#turns = this.#turns.then(() => new Promise(resolve => this.clock.soon(resolve)))
    return this.#turns
  }

  async list(query: ListQuery): Promise<readonly ListedActor[]> {
    return this.#open().journal.list(query)
  }

  /** The journal as it is now, to be read. @throws UnavailableError once it is closed */
  get journal(): Journal {
    return this.#open().journal
  }

  /** How much waits, runs and is kept. */
  load(): Load {
    const { host, inbox, journal } = this.#open()
    const { inside, pending, held } = host.waiting
    const unsettled = journal.unsettled()
    return {
      inboxCommands: inbox.size,
      inboxRefused: inbox.refused,
      insideCommands: inside,
      pendingCommands: pending,
      heldCommands: held,
      deadLetters: journal.countDeadLetters(),
      activitiesRunning: host.runner.running,
      activitiesWaiting: host.runner.waiting,
      cacheActors: host.cache.size,
      cacheHits: host.cache.hits,
      cacheMisses: host.cache.misses,
      journalPosition: journal.position,
      journalBytes: journal.bytes(),
      unsettled,
      unsettledMs: unsettled.since === undefined ? 0 : Math.max(0, this.clock.now() - unsettled.since),
    }
  }

  /** The shard, to be read. @throws UnavailableError once it has ended: its journal is closed. */
  #open(): Shard {
    const shard = this.#site.shard()
    if (shard.host.isOver) throw shard.host.refusal
    return shard
  }
}

/** Whether the state asked for is the present one. @throws LaterEntryError when it is not there yet */
function isLast(address: Address, lastSeq: number, atSeq: number): boolean {
  if (atSeq > lastSeq) throw new LaterEntryError(address, atSeq, lastSeq)
  return atSeq === lastSeq
}

function seen(life: Life): SeenActor {
  return {
    snapshot: snapshotOf(life),
    seq: life.record.seq,
    version: life.record.version,
    at: life.record.at,
    state: life.record.state,
    ...quarantineIn(life.record),
  }
}
