/**
 * The members of a simulated cluster, and what befalls them: they take shards over, hand them over, leave, die, and lose
 * their lease while they live. Who should have a shard is drawn; that somebody has it in the end is seen to.
 */
import type { Commit } from '../../../actors/commit.js'
import { PerdureError } from '../../../actors/errors.js'
import type { Journal } from '../../../actors/journal.js'
import { shardOf } from '../../../cluster/shard-of.js'
import { LiveApi } from '../../../runtime/api/live-api.js'
import type { LogEnd } from '../../../runtime/cluster/member-shard.js'
import type { AttemptOrder } from '../../../runtime/dispatch/attempt.js'
import type { EmbeddedService } from '../../../runtime/embedded/embedded-service.js'
import type { Operated } from '../operator.js'
import type { Random } from '../random.js'
import type { Sabotage } from '../sabotage.js'
import type { Owner, Scheduler } from '../scheduler.js'
import type { Books } from '../world.js'
import type { ClusterPlan } from './cluster-plan.js'
import { Copy } from './copy.js'
import { Member } from './member.js'
import type { AppendFault } from './member-streams.js'
import { positionOf, type SharedStreams } from './shared-streams.js'
import { Table } from './table.js'

export interface MembersSite {
  readonly scheduler: Scheduler
  readonly random: Random
  /** For what the world does. */
  readonly worldly: Random
  readonly plan: ClusterPlan
  readonly books: Books
  readonly streams: SharedStreams
  readonly sabotage: Sabotage | undefined
  count(what: string): void
  began(shard: number, order: AttemptOrder): void
  /** A shard has an owner, whose copy that is. */
  recovered(shard: number, journal: Journal): void
  trace(what: string): void
  fail(what: string): void
}

interface Busy {
  readonly member: Member
  readonly done: Promise<void>
}

export class Members {
  readonly #site: MembersSite
  readonly #table: Table
  readonly #bySlot = new Map<number, Member>()
  readonly #copies: Map<number, Copy>[] = []
  /** Shards that are on their way from one to another. */
  readonly #busy = new Map<number, Busy>()
  #lives = 0
  deaths = 0
  #isStormy = true

  constructor(site: MembersSite) {
    this.#site = site
    this.#table = new Table(site.plan.shards)
  }

  get all(): readonly Member[] {
    return [...this.#bySlot.values()].filter(one => one.alive)
  }

  ownerOf(shard: number): Member | undefined {
    return this.all.find(one => one === this.#table.shards[shard]!.owner && one.shards.get(shard)?.isOwned)
  }

  serviceOf(shard: number): EmbeddedService | undefined {
    return this.ownerOf(shard)?.shards.get(shard)?.service
  }

  /** A shard as those who operate see it, with all its verbs; undefined while nobody owns it. */
  operated(shard: number): (Owner & { readonly runtime: Operated }) | undefined {
    const owner = this.ownerOf(shard)
    const owned = owner?.shards.get(shard)
    if (owner === undefined || owned?.service === undefined || owned.shard === undefined) return undefined
    const { service, shard: parts } = owned
    const about = { perdure: '', path: '', pid: 0 }
    const api = new LiveApi({ service, bindings: owner.bindings, about, startedAt: 0, shard: () => parts })
    return { alive: true, runtime: { service, shard: parts, api } }
  }

  begin(): void {
    const { scheduler, random, plan } = this.#site
    for (let slot = 0; slot < plan.members; slot++) this.#start(slot)
    const now = (times: number, what: () => void) => {
      for (let n = 0; n < times; n++) scheduler.schedule(random.between(0, plan.busyMs), what)
    }
    now(plan.moves, () => this.#move())
    now(plan.leaves, () => this.#leave())
    now(plan.lapses, () => this.#lapse())
  }

  /** No more faults, and nobody moves. */
  calm(): void {
    this.#isStormy = false
  }

  /** Nothing runs any more. */
  end(): void {
    for (const member of this.all) member.alive = false
  }

  /** Between two tasks anybody may die. */
  tempt(): void {
    const { random, plan } = this.#site
    if (!this.#mayDie || !random.chance(plan.deathAtTask)) return
    if (this.all.length > 0) this.#die(random.pick(this.all), 'between two tasks')
  }

  get #mayDie(): boolean {
    return this.#isStormy && this.deaths < this.#site.plan.deathsMax
  }

  #start(slot: number): void {
    const { scheduler, random, worldly, plan, books, streams, count, trace, fail, began, sabotage } =
      this.#site
    const copies = random.chance(0.3) ? new Map<number, Copy>() : (this.#copies[slot] ?? new Map())
    this.#copies[slot] = copies
    const changes = new Map<number, (commit: Commit) => Commit>()
    const changed = new WeakMap<Commit, Commit>()
    const member = new Member(slot, `life-${++this.#lives}`, {
      scheduler,
      random,
      worldly,
      plan,
      table: this.#table,
      books,
      streams,
      readAhead: plan.readAhead,
      offsetMs: random.chance(0.3) ? random.between(-1_000, 1_000) : 0,
      changed: (commit, shard) => {
        const change = changes.get(shard) ?? sabotage?.committing?.()
        if (change === undefined) return commit
        changes.set(shard, change)
        const made = changed.get(commit) ?? change(commit)
        changed.set(commit, made)
        return made
      },
      asChanged: commit => changed.get(commit) ?? commit,
      appendFault: commit => this.#appendFault(commit),
      copyFault: () => this.#copyFault(),
      copyOf: shard => {
        const copy = copies.get(shard) ?? new Copy(random)
        copies.set(shard, copy)
        return copy
      },
      die: (dying, why) => this.#die(dying, why),
      began: (by, order) => {
        began(shardOf(order.token.actor, plan.shards), order)
        if (this.#mayDie && random.chance(plan.deathAtAttempt)) this.#die(by, 'after an attempt began')
      },
      door: actor => this.serviceOf(shardOf(actor, plan.shards)),
      count,
      lost: (by, shard, error) => this.#lost(by, shard, error),
      trace,
      fail,
    })
    trace(`${member.name} starts as ${member.life}`)
    this.#bySlot.set(slot, member)
    this.#table.lives.add(member.life)
    this.#standBy(member)
  }

  #appendFault({ pending }: Commit): AppendFault {
    const { random, plan } = this.#site
    if (!this.#mayDie) return 'none'
    const isWithCare = pending.some(one => one.attempts !== undefined)
    if (isWithCare && random.chance(plan.deathWithCare)) return 'after'
    return random.weighted(plan.appendFaults)
  }

  #copyFault(): 'none' | 'full' | 'death' {
    const { random, plan } = this.#site
    if (this.#mayDie && random.chance(plan.deathAtCopy)) return 'death'
    return this.#isStormy && random.chance(plan.noRoomAtCopy) ? 'full' : 'none'
  }

  #standBy(member: Member): void {
    for (let shard = 0; shard < this.#site.plan.shards; shard++) {
      member.standing(shard)
      this.#tend(shard)
    }
  }

  #die(member: Member, why: string): void {
    if (!member.alive) return
    const { scheduler, random, plan, count, trace } = this.#site
    this.deaths++
    count(`death ${why}`)
    trace(`${member.name} dies ${why}`)
    member.alive = false
    for (const copy of this.#copies[member.slot]?.values() ?? []) copy.crash()
    scheduler.schedule(plan.leaseMs, () => this.#bury(member))
    scheduler.schedule(random.pick([0, 50, 2_000, 20_000]), () => this.#start(member.slot))
  }

  /** Its life is over for everybody: what it had is anybody's. */
  #bury(member: Member): void {
    this.#site.trace(`${member.life} is over`)
    this.#table.lives.delete(member.life)
    for (const [shard, { member: by }] of this.#busy)
      if (by === member && !member.alive) this.#busy.delete(shard)
    for (const holding of this.#table.shards) if (holding.owner === member) holding.owner = undefined
    for (const one of this.all) for (const shard of one.shards.values()) shard.review()
    for (let shard = 0; shard < this.#site.plan.shards; shard++) this.#tend(shard)
  }

  /** Its lease ran out, and it lives: nothing of it may leave, and what it commits is refused once others have claimed. */
  #lapse(): void {
    const { scheduler, random, plan, count, trace } = this.#site
    const leased = this.all.filter(one => one.isLeased && one.isWilling)
    if (!this.#isStormy || leased.length === 0) return
    const member = random.pick(leased)
    count('a lease ran out')
    trace(`the lease of ${member.name} runs out`)
    member.isLeased = false
    scheduler.schedule(plan.leaseMs, () => this.#bury(member))
    const comesTo = async () => {
      const owned = [...member.shards.values()].filter(one => one.isOwned)
      for (const { number } of owned) await member.drop(number)
      member.life = `life-${++this.#lives}`
      member.isLeased = true
      this.#table.lives.add(member.life)
      trace(`${member.name} lives on as ${member.life}`)
      this.#standBy(member)
    }
    scheduler.schedule(plan.leaseMs + random.between(0, 600), () => void comesTo(), member)
  }

  #tend(shard: number): void {
    const { random } = this.#site
    if (this.#busy.has(shard) || this.#table.shards[shard]!.owner !== undefined) return
    const able = this.all.filter(one => one.isWilling && one.isLeased)
    // Whoever comes next tends it.
    if (able.length > 0) void this.#do(shard, random.pick(able), member => this.#takeOver(member, shard))
  }

  #do(shard: number, member: Member, what: (member: Member) => Promise<void>): Promise<void> {
    const done = what(member)
      .catch((error: unknown) => this.#missed(member, shard, error))
      .then(() => {
        if (this.#busy.get(shard)?.done === done) this.#busy.delete(shard)
        const { random, scheduler } = this.#site
        scheduler.schedule(random.between(0, 50), () => this.#tend(shard))
      })
    this.#busy.set(shard, { member, done })
    return done
  }

  async #takeOver(member: Member, number: number): Promise<void> {
    const { count, trace, recovered } = this.#site
    const shard = member.standing(number)
    const end = this.#endOf(number)
    await shard.caughtUp(end?.sequence ?? 0)
    if (this.#table.shards[number]!.owner !== undefined || !member.isLeased || !member.isWilling) return
    const { epoch, ...left } = this.#table.claim(number, member)
    if (await shard.own(epoch, left, end)) {
      count(left.wasKilled ? 'taken over' : left.isInOrder ? 'taken on' : 'taken on, out of order')
      trace(`${member.name} owns shard ${number} ${JSON.stringify(left)}`)
      const { journal } = shard
      if (journal !== undefined) recovered(number, journal)
    } else this.#table.release(number, member, false)
  }

  #endOf(number: number): LogEnd | undefined {
    const last = this.#site.streams.last(number)
    if (last === undefined) return undefined
    return { ...positionOf(last), epoch: last.epoch, member: last.member, commitId: '', chunks: 1 }
  }

  /** It could not be taken over or given away. */
  async #missed(member: Member, number: number, error: unknown): Promise<void> {
    this.#expected(error)
    this.#site.trace(`${member.name}: shard ${number}: ${String(error)}`)
    await member.drop(number)
    this.#table.release(number, member, false)
    member.standing(number)
  }

  /** Another has it, or nothing more can be said of it here. */
  #lost(member: Member, number: number, error: unknown): void {
    const { scheduler, count, trace } = this.#site
    this.#expected(error)
    count('a shard was lost')
    trace(`${member.name} has lost shard ${number}: ${String(error)}`)
    member.shards.delete(number)
    if (member.isLeased) this.#table.release(number, member, false)
    scheduler.schedule(20, () => member.standing(number), member)
    scheduler.schedule(30, () => this.#tend(number))
  }

  #expected(error: unknown): void {
    if (!(error instanceof PerdureError) || error.code !== 'Unavailable')
      this.#site.fail(error instanceof Error ? String(error.stack) : String(error))
  }

  #move(): void {
    const { random, plan } = this.#site
    if (!this.#isStormy) return
    const number = random.between(0, plan.shards - 1)
    const owner = this.ownerOf(number)
    if (owner === undefined || this.#busy.has(number) || !owner.isLeased || !owner.isWilling) return
    void this.#do(number, owner, () => this.#handOver(owner, number))
  }

  async #handOver(member: Member, number: number): Promise<void> {
    const { plan, count, trace } = this.#site
    trace(`${member.name} leaves shard ${number}`)
    const isInOrder = await member.shards.get(number)?.release(plan.handOverMs)
    count(isInOrder === true ? 'left in order' : 'left out of order')
    trace(`${member.name} left shard ${number}${isInOrder === true ? ' in order' : ''}`)
    this.#table.release(number, member, isInOrder === true)
  }

  #leave(): void {
    const willing = this.all.filter(one => one.isWilling && one.isLeased)
    // Somebody stays.
    if (!this.#isStormy || willing.length < 2) return
    const member = this.#site.random.pick(willing)
    member.isWilling = false
    void this.#left(member)
  }

  async #left(member: Member): Promise<void> {
    const { scheduler, random, plan, count, trace } = this.#site
    count('a member left')
    trace(`${member.name} leaves`)
    await Promise.all([...this.#busy.values()].filter(one => one.member === member).map(one => one.done))
    for (const number of [...member.shards.keys()]) {
      if (member.shards.get(number)?.isOwned && !this.#busy.has(number))
        await this.#do(number, member, () => this.#handOver(member, number))
      await member.drop(number)
    }
    await member.lodgers.end(plan.limits.stopMsMax)
    await member.lodgers.end(0)
    trace(`${member.name} left`)
    member.alive = false
    this.#bury(member)
    scheduler.schedule(random.between(0, 2_000), () => this.#start(member.slot))
  }
}
