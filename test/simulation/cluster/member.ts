/**
 * One process of a simulated cluster: its copies of the shards, which outlive it, and what it makes of them. When it
 * dies nothing of it runs any more.
 */
import type { Address } from '../../../actors/address.js'
import type { Commit } from '../../../actors/commit.js'
import { SetupError, UnavailableError } from '../../../actors/errors.js'
import type { Journal } from '../../../actors/journal.js'
import { shardOf } from '../../../cluster/shard-of.js'
import type { ActorService } from '../../../runtime/client/service.js'
import { Lodgers } from '../../../runtime/cluster/lodgers.js'
import { MemberShard } from '../../../runtime/cluster/member-shard.js'
import { CareTurns } from '../../../runtime/commit/care-turns.js'
import type { AttemptOrder } from '../../../runtime/dispatch/attempt.js'
import { Bindings } from '../../../runtime/step/bindings.js'
import { definitionsFor } from '../definitions.js'
import { instead } from '../instead.js'
import type { Random } from '../random.js'
import { type Owner, ProcessClock, type Scheduler } from '../scheduler.js'
import { type Books, World } from '../world.js'
import type { ClusterPlan } from './cluster-plan.js'
import type { Copy } from './copy.js'
import { type MemberStreamsSite, memberStreams } from './member-streams.js'
import type { Table } from './table.js'

export interface MemberSite extends Omit<MemberStreamsSite, 'process' | 'member' | 'shard' | 'die'> {
  readonly scheduler: Scheduler
  readonly random: Random
  readonly plan: ClusterPlan
  readonly table: Table
  readonly books: Books
  /** For what the world does. */
  readonly worldly: Random
  readonly offsetMs: number
  copyOf(shard: number): Copy
  /** The commit as it was changed on its way to the log, if it was given to that here. */
  asChanged(commit: Commit): Commit
  copyFault(): 'none' | 'full' | 'death'
  die(member: Member, why: string): void
  began(member: Member, order: AttemptOrder): void
  lost(member: Member, shard: number, error: unknown): void
  /** Who takes word about an actor, whichever member has it. */
  door(actor: Address): ActorService | undefined
  count(what: string): void
}

export class Member implements Owner {
  alive = true
  /** Whether it takes shards. */
  isWilling = true
  /** Whether its lease holds, as far as it knows. */
  isLeased = true
  life: string
  readonly name: string
  readonly slot: number
  readonly shards = new Map<number, MemberShard>()
  readonly lodgers: Lodgers
  readonly bindings: Bindings
  readonly #site: MemberSite
  readonly #clock: ProcessClock
  readonly #turns = new CareTurns()
  #minted = 0

  constructor(slot: number, life: string, site: MemberSite) {
    const { scheduler, random, worldly, plan, books, table, offsetMs } = site
    this.#site = site
    this.slot = slot
    this.name = `m${slot}`
    this.life = life
    this.#clock = new ProcessClock(scheduler, random, this, offsetMs)
    const world = new World(
      {
        ...site,
        random: worldly,
        kill: () => site.die(this, 'of a command'),
        caller: () => (this.alive ? this : undefined),
      },
      books,
    )
    this.bindings = new Bindings(Object.values(definitionsFor(world, plan.snapshotEvery)))
    this.lodgers = new Lodgers({
      clock: this.#clock,
      limits: plan.limits,
      logger: this.#logger,
      lasts: ended => table.lives.has(ended),
    })
  }

  get #logger() {
    const say = (level: string) => (facts: object, message: string) => {
      if (this.alive) this.#site.trace(`${this.name} ${level}: ${message} ${JSON.stringify(facts)}`)
    }
    return { warn: say('warning'), error: say('error') }
  }

  /** The shard as it stands by for it, or owns it. */
  standing(number: number): MemberShard {
    const known = this.shards.get(number)
    if (known !== undefined) return known
    const { plan, table } = this.#site
    const shard = new MemberShard(number, {
      bindings: this.bindings,
      clock: this.#clock,
      limits: plan.limits,
      logger: this.#logger,
      isHere: address => shardOf(address, plan.shards) === number,
      onAttempt: order => this.#site.began(this, order),
      streams: memberStreams({
        ...this.#site,
        process: this,
        member: this.name,
        shard: number,
        die: why => this.#site.die(this, why),
      }),
      openJournal: () => this.#copy(number),
      mintId: () => `minted-${this.life}-${++this.#minted}`,
      owns: epoch => this.isLeased && table.owns(number, this, epoch),
      whereabouts: () => (this.isLeased ? { member: this.name, life: this.life } : undefined),
      isGone: at => !table.lives.has(at.life),
      lodgers: this.lodgers,
      turns: this.#turns,
      onLost: error => {
        if (this.alive) this.#site.lost(this, number, error)
      },
    })
    this.shards.set(number, shard)
    shard.stand()
    return shard
  }

  async drop(number: number): Promise<void> {
    const shard = this.shards.get(number)
    this.shards.delete(number)
    await shard?.close()
  }

  #copy(number: number): Journal {
    const { scheduler, random, copyFault } = this.#site
    const copy = this.#site.copyOf(number)
    let isClosed = false
    return instead(copy.journal, {
      append: async (commit, at) => {
        if (!this.alive) return new Promise(() => {})
        const fault = copyFault()
        if (fault === 'full') throw new SetupError('JournalFull', 'no room, says the simulation')
        if (fault === 'death') this.#site.die(this, 'with a commit in the log, before its copy had it')
        const ms = random.chance(0.7) ? 0 : random.between(0, 5)
        await new Promise<void>(resolve => scheduler.schedule(ms, resolve, this))
        if (isClosed) throw new UnavailableError('the journal is closed, says the simulation')
        await copy.append(this.#site.asChanged(commit), at)
      },
      close: () => {
        isClosed = true
      },
    })
  }
}
