/**
 * A server of one test, and members on it that are stopped and started again on the directories they left, which the
 * test may change meanwhile.
 */
import { cp, mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { type Limits, limitsWith } from '../../actors/limits.js'
import type { ClusterMember } from '../../runtime/cluster/cluster-member.js'
import { type ClusterSettings, createMember } from '../../runtime/cluster/compose-cluster.js'
import { mintCommandId } from '../../runtime/command-id.js'
import { thisProcess } from '../../runtime/compose.js'
import type { NatsServer } from '../../runtime/demo/nats-server/start-server.js'
import type { AnyDefinition } from '../../runtime/index.js'
import { SystemClock } from '../../runtime/system-clock.js'
import { parcel, strict } from './http-world.js'
import { serverFor } from './nats/nats-world.js'

/** One, so that what happens to it happens to all. */
const SHARDS = 1
const LIMITS = { leaseMs: 1_500, leaveMsMax: 500, shardRetryMs: 100 }

export interface Logged {
  readonly message: string
  readonly facts: Readonly<Record<string, unknown>>
}

export class HealingWorld {
  readonly server: NatsServer
  readonly #directory: string
  readonly #actors: readonly AnyDefinition[]
  readonly #running = new Map<string, ClusterMember>()
  /** Errors of all members. */
  readonly errors: Logged[] = []

  private constructor(server: NatsServer, directory: string, actors: readonly AnyDefinition[]) {
    this.server = server
    this.#actors = actors
    this.#directory = directory
  }

  static async open(
    t: TestContext,
    actors: readonly AnyDefinition[] = [parcel, strict],
  ): Promise<HealingWorld> {
    const directory = await mkdtemp(join(tmpdir(), 'perdure-healing-'))
    const world = new HealingWorld(await serverFor(t), directory, actors)
    t.after(async () => {
      await world.stopAll()
      await rm(directory, { recursive: true })
    })
    return world
  }

  async start(
    id: string,
    settings: Partial<ClusterSettings> = {},
    limits: Partial<Limits> = {},
  ): Promise<ClusterMember> {
    const path = this.path(id)
    const member = await createMember({
      actors: this.#actors,
      path,
      cluster: { servers: this.server.url, shards: SHARDS, member: id, ...settings },
      clock: new SystemClock(),
      limits: limitsWith({ ...LIMITS, ...limits }),
      logger: { warn() {}, error: (facts, message) => this.errors.push({ facts: { ...facts }, message }) },
      about: { perdure: '0.0.1', path, pid: process.pid },
      holder: thisProcess(),
      versionsRequired: false,
      mintId: mintCommandId,
    })
    this.#running.set(id, member)
    return member
  }

  /** A whole life of a member: it adds five, and stops. */
  async live(id: string): Promise<void> {
    await add(await this.start(id), 's-1', 5)
    await this.stop(id)
  }

  async stop(id: string): Promise<void> {
    const member = this.#running.get(id)
    this.#running.delete(id)
    await member?.stop()
  }

  async stopAll(): Promise<void> {
    for (const id of [...this.#running.keys()]) await this.stop(id)
  }

  path(id: string): string {
    return join(this.#directory, id)
  }

  /** Where a member keeps its copy of the shard. */
  shard(id: string): string {
    return join(this.path(id), 'shard-0')
  }

  /** What was set aside there. */
  async aside(id: string): Promise<readonly string[]> {
    return (await readdir(this.path(id))).filter(name => name.includes('set-aside')).sort()
  }

  /** Copies a file or directory of a member as it is now. */
  async keep(path: string, as = 'kept'): Promise<void> {
    await cp(path, `${path}-${as}`, { recursive: true })
  }

  /** Puts back what was kept. */
  async bringBack(path: string, as = 'kept'): Promise<void> {
    await rm(path, { recursive: true, force: true })
    await rename(`${path}-${as}`, path)
  }

  async keepServer(as = 'kept'): Promise<void> {
    await this.server.kill()
    await this.keep(this.server.storeDir, as)
    await this.server.restart()
  }

  /** The whole server as it was when its store was kept. */
  async restoreServer(as = 'kept'): Promise<void> {
    await this.server.kill()
    await this.bringBack(this.server.storeDir, as)
    await this.server.restart()
  }
}

/** Adds to a number, by one ask for each. Answers the number then. */
export async function add(member: ClusterMember, key: string, times: number): Promise<number> {
  const handle = member.actor(strict, key)
  for (let count = 0; count < times; count++) await handle.ask({ type: 'ADD', n: 1 })
  return totalOf(member, key)
}

export async function totalOf(member: ClusterMember, key: string): Promise<number> {
  return (await member.actor(strict, key).getSnapshot())?.context.n ?? 0
}
