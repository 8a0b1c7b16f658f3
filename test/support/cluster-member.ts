/**
 * A member that does nothing but own shards: it does with its membership what a runtime does, and samples what it
 * finds it owns, so that several can be held against each other afterwards.
 */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { type Limits, limitsWith } from '../../actors/limits.js'
import { type ClusterConnection, type ClusterOptions, connectCluster } from '../../cluster/connection.js'
import { Membership } from '../../cluster/members/membership.js'
import { namesOf } from '../../cluster/names.js'
import type { ServerOptions } from '../../runtime/demo/nats-server/server-settings.js'
import { type NatsServer, startNatsServer } from '../../runtime/demo/nats-server/start-server.js'
import { SystemClock } from '../../runtime/system-clock.js'

export interface OwnerSetting {
  readonly id: string
  readonly cluster: ClusterOptions
  /** For the heartbeats, when they go another way. */
  readonly heartbeats?: ClusterOptions
  readonly shards: number
  readonly replicas?: number
  readonly limits?: Partial<Limits>
  readonly foundedMs?: number
  /** How long a shard takes to be drained. */
  readonly drainMs?: number
  readonly clock?: SystemClock
}

/** Which shards a member found it owned, with their epochs, at a moment of the machine's steady clock. */
export interface OwnSample {
  readonly member: string
  readonly atNs: bigint
  readonly owned: readonly (readonly [shard: number, epoch: number])[]
}

export class ShardOwner {
  readonly membership: Membership
  readonly samples: OwnSample[] = []
  readonly troubles: string[] = []
  /** Hand-overs to others. */
  released = 0
  readonly #setting: OwnerSetting
  readonly #connection: ClusterConnection
  readonly #busy = new Set<number>()
  readonly #timer: NodeJS.Timeout

  private constructor(setting: OwnerSetting, connection: ClusterConnection) {
    const { id, cluster, shards, foundedMs } = setting
    this.#setting = setting
    this.#connection = connection
    this.membership = new Membership({
      connection,
      cluster: setting.heartbeats ?? cluster,
      names: namesOf(cluster.name),
      shards,
      replicas: setting.replicas ?? 1,
      clock: setting.clock ?? new SystemClock(),
      limits: limitsWith(setting.limits),
      about: { id, program: 'test', host: 'here', pid: process.pid, versions: {} },
      ...(foundedMs === undefined ? {} : { foundedMs }),
      onTrouble: message => this.troubles.push(message),
    })
    this.#timer = setInterval(() => this.sample(), 4)
    this.#timer.unref()
  }

  static async join(setting: OwnerSetting): Promise<ShardOwner> {
    const connection = await connectCluster(setting.cluster, setting.id)
    const owner = new ShardOwner(setting, connection)
    const { membership } = owner
    membership.onChange(() => owner.#act())
    await membership.join()
    owner.#act()
    return owner
  }

  /** The shards it owns right now. */
  get owned(): number[] {
    const { held } = this.membership
    return [...held].filter(([shard, epoch]) => this.membership.owns(shard, epoch)).map(([shard]) => shard)
  }

  sample(): void {
    const atNs = process.hrtime.bigint()
    const owned = [...this.membership.held].filter(([shard, epoch]) => this.membership.owns(shard, epoch))
    this.samples.push({ member: this.membership.id, atNs, owned })
  }

  async leave(patienceMs?: number): Promise<void> {
    await this.membership.leave(patienceMs)
    clearInterval(this.#timer)
    await this.#connection.close()
  }

  #act(): void {
    const { membership } = this
    for (const shard of membership.claimable()) this.#once(shard, () => membership.claim(shard))
    for (const shard of membership.wanted().own) if (!membership.held.has(shard)) membership.ready(shard)
    for (const { shard, to } of membership.handOvers())
      this.#once(shard, async () => {
        await delay(this.#setting.drainMs ?? 0)
        this.released++
        await membership.release(shard, { to })
      })
  }

  #once(shard: number, act: () => Promise<unknown>): void {
    if (this.#busy.has(shard)) return
    this.#busy.add(shard)
    act()
      .catch((error: unknown) => this.troubles.push(String(error)))
      .finally(() => this.#busy.delete(shard))
  }
}

/** A server of its own, and members of one new cluster on it, gone with the test. */
export class OwnersWorld {
  readonly server: NatsServer
  readonly owners: ShardOwner[] = []
  readonly #setting: Omit<OwnerSetting, 'id' | 'cluster'>

  private constructor(server: NatsServer, setting: Omit<OwnerSetting, 'id' | 'cluster'>) {
    this.server = server
    this.#setting = { foundedMs: Date.now(), ...setting }
  }

  static async open(
    t: Pick<TestContext, 'after'>,
    setting: Omit<OwnerSetting, 'id' | 'cluster'>,
    options: ServerOptions = {},
  ): Promise<OwnersWorld> {
    const world = new OwnersWorld(await startNatsServer(options), setting)
    t.after(async () => {
      await Promise.all(world.owners.map(owner => owner.leave(0)))
      await world.server.stop()
    })
    return world
  }

  async join(id: string, more: Partial<OwnerSetting> = {}): Promise<ShardOwner> {
    const cluster = { servers: this.server.url }
    const owner = await ShardOwner.join({ cluster, ...this.#setting, ...more, id })
    this.owners.push(owner)
    return owner
  }

  get samples(): OwnSample[] {
    return this.owners.flatMap(owner => owner.samples)
  }

  get troubles(): string[] {
    return this.owners.flatMap(owner => owner.troubles)
  }
}

/** When an epoch of a shard was owned, as far as it was sampled. */
export interface Reign {
  readonly shard: number
  readonly epoch: number
  readonly member: string
  readonly fromNs: bigint
  toNs: bigint
}

/** @throws AssertionError where two owned a shard at one time, or an epoch came twice or out of order. */
export function reignsOf(samples: readonly OwnSample[]): Reign[] {
  const reigns = new Map<string, Reign>()
  for (const { member, atNs, owned } of samples)
    for (const [shard, epoch] of owned) {
      const reign = reigns.get(`${shard}.${epoch}`)
      if (reign === undefined)
        reigns.set(`${shard}.${epoch}`, { shard, epoch, member, fromNs: atNs, toNs: atNs })
      else {
        assert.equal(member, reign.member, `epoch ${epoch} of shard ${shard} had two owners`)
        reign.toNs = atNs
      }
    }
  const ordered = [...reigns.values()].sort((a, b) => a.shard - b.shard || a.epoch - b.epoch)
  for (const [index, reign] of ordered.entries()) {
    const before = ordered[index - 1]
    if (before?.shard !== reign.shard) continue
    assert.ok(
      before.toNs < reign.fromNs,
      `shard ${reign.shard}: ${before.member} owned epoch ${before.epoch} until ${before.toNs}, ` +
        `${reign.member} owned epoch ${reign.epoch} from ${reign.fromNs}`,
    )
  }
  return ordered
}

/** Between the reigns of each shard: for how long nobody owned it, in ms. */
export function gapsMs(reigns: readonly Reign[]): number[] {
  return reigns.flatMap((reign, index) => {
    const before = reigns[index - 1]
    return before?.shard === reign.shard ? [Number(reign.fromNs - before.toNs) / 1e6] : []
  })
}

/** Waits until it holds. */
export async function until(what: string, holds: () => boolean, patienceMs = 20_000): Promise<void> {
  for (const end = performance.now() + patienceMs; !holds(); await delay(2))
    if (performance.now() > end) assert.fail(`${what}: not within ${patienceMs} ms`)
}
