/** Members in processes of their own (troubled-member.ts), each started again when it dies, as a supervisor does. */
import type { ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { type Limits, limitsWith } from '../../actors/limits.js'
import { apiOf } from '../../runtime/cluster/client-wire.js'
import type { ClusterApi } from '../../runtime/cluster/cluster-api.js'
import { type ClusterReach, reachCluster } from '../../runtime/cluster/reach-cluster.js'
import { mintCommandId } from '../../runtime/command-id.js'
import type { ServerOptions } from '../../runtime/demo/nats-server/server-settings.js'
import { type NatsServer, startNatsServer } from '../../runtime/demo/nats-server/start-server.js'
import { type Client, connect } from '../../runtime/index.js'
import { SystemClock } from '../../runtime/system-clock.js'
import { ChildProgram } from './child-program.js'
import { archive, counter, dice, ticker } from './troubled-actors.js'

const PROGRAM = new URL('./troubled-member.js', import.meta.url)

/** A term in which a test does not fall asleep. */
const SHORT = { leaseMs: 1_200, leaseMarginMs: 150 }

export interface Fleet {
  readonly name: string
  readonly shards: number
  readonly limits?: Partial<Limits>
}

type Env = Readonly<Record<string, string>>

export class TroubledMembers {
  readonly directory = mkdtempSync(join(tmpdir(), 'perdure-trouble-'))
  /** Who died of a signal, in order. */
  readonly deaths: string[] = []
  readonly server: NatsServer
  readonly #fleet: Fleet
  readonly #closes: (() => Promise<void>)[] = []
  readonly #children = new Map<string, ChildProgram>()
  #isStopping = false

  private constructor(server: NatsServer, fleet: Fleet) {
    this.server = server
    this.#fleet = fleet
  }

  /** On a server of their own, gone with the test. */
  static async on(
    t: Pick<TestContext, 'after'>,
    fleet: Fleet,
    server: ServerOptions = {},
  ): Promise<TroubledMembers> {
    const members = new TroubledMembers(await startNatsServer(server), fleet)
    t.after(async () => {
      await Promise.all(members.#closes.map(close => close()))
      await members.stop('SIGKILL')
      await members.server.stop()
      rmSync(members.directory, { recursive: true, force: true, maxRetries: 5 })
    })
    return members
  }

  /** Resolves once it is a member, or died before it was one. */
  async start(member: string, env: Env = {}): Promise<ChildProcess> {
    const { limits = {}, name, shards } = this.#fleet
    const options = {
      path: join(this.directory, member),
      limits: { ...SHORT, ...limits },
      cluster: { servers: this.server.url, name, shards, member },
    }
    const child = new ChildProgram(PROGRAM, [JSON.stringify(options)], { env })
    this.#children.set(member, child)
    child.process.once('exit', (_, signal) => {
      if (this.#isStopping || this.#children.get(member) !== child) return
      this.deaths.push(member)
      if (signal === 'SIGKILL') void this.start(member, env)
    })
    await child.ready().catch(() => {})
    return child.process
  }

  child(member: string): ChildProcess {
    return this.#children.get(member)!.process
  }

  /** Ends one for good. */
  async end(member: string, signal: NodeJS.Signals): Promise<void> {
    const child = this.#children.get(member)!
    this.#children.delete(member)
    await child.end(signal)
  }

  /** Ends all, and starts none again until told. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    this.#isStopping = true
    await Promise.all([...this.#children.keys()].map(member => this.end(member, signal)))
    this.#isStopping = false
  }

  /** Where a member keeps a shard. */
  journal(member: string, shard: number): string {
    return join(this.directory, member, `shard-${shard}`)
  }

  async client(limits: Partial<Limits> = {}): Promise<Client> {
    const client = await connect({
      actors: [archive, counter, dice, ticker],
      servers: this.server.url,
      name: this.#fleet.name,
      limits,
    })
    this.#closes.push(async () => client[Symbol.asyncDispose]())
    return client
  }

  async reach(): Promise<{ api: ClusterApi; reach: ClusterReach }> {
    const limits = limitsWith({})
    const reach = await reachCluster({
      cluster: { servers: this.server.url, name: this.#fleet.name },
      clock: new SystemClock(),
      limits,
      mintId: mintCommandId,
    })
    this.#closes.push(() => reach.close())
    return { reach, api: apiOf(reach.client, limits, mintCommandId) }
  }
}
