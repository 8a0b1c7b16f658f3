/**
 * Three members of tills, clients that never stop, and at the end the whole history held against what clients were
 * told and what was done outside.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { limits } from '../../../actors/limits.js'
import { connectCluster } from '../../../cluster/connection.js'
import { prepareStreams } from '../../../cluster/streams/setup.js'
import { commitForm } from '../../../journal/segment/commit-bytes.js'
import { connect } from '../../../runtime/connect.js'
import { SystemClock } from '../../../runtime/system-clock.js'
import {
  checkAcknowledged,
  checkHeard,
  checkRuns,
  checkSent,
  checkShown,
  type History,
  readHistory,
} from '../history-checker.js'
import { until } from '../until.js'
import { type Run, runsIn, tally, tillOf } from './till.js'
import { TillLoad } from './till-load.js'
import { TillMember } from './till-member.js'
import type { TillProgram } from './till-program.js'

const NAME = 'tills'
const SHARDS = 12
const PATIENCE_MS = 40_000

export interface TillWorldOptions {
  /** Of each member. */
  readonly servers: readonly (readonly string[])[]
  /** Of the clients. */
  readonly clientServers: readonly string[]
  readonly replicas?: number
  /** More about the first member's program. */
  readonly first?: Pick<TillProgram, 'trustsForMs'>
}

export class TillWorld {
  readonly members: readonly TillMember[]
  readonly load: TillLoad
  readonly #t: TestContext
  readonly #directory: string
  readonly #servers: readonly string[]

  private constructor(
    t: TestContext,
    parts: { members: readonly TillMember[]; load: TillLoad; directory: string; servers: readonly string[] },
  ) {
    this.#t = t
    this.members = parts.members
    this.load = parts.load
    this.#directory = parts.directory
    this.#servers = parts.servers
  }

  /** Resolves once every member owns its share and every till is served. */
  static async open(t: TestContext, options: TillWorldOptions): Promise<TillWorld> {
    const { servers, clientServers, replicas = 1, first = {} } = options
    const directory = mkdtempSync(join(tmpdir(), 'perdure-tills-'))
    t.after(() => rmSync(directory, { recursive: true, force: true }))
    const members: TillMember[] = []
    for (const [n, of] of servers.entries()) {
      const cluster = { servers: of, name: NAME, member: `m${n}`, shards: SHARDS, replicas }
      members.push(await TillMember.start(t, { directory, cluster, ...(n === 0 ? first : {}) }))
    }
    const client = await connect({ actors: [tillOf(), tally], servers: clientServers, name: NAME })
    const load = new TillLoad(client)
    t.after(async () => {
      load.abandon()
      await client[Symbol.asyncDispose]()
    })
    const world = new TillWorld(t, { members, load, directory, servers: clientServers })
    await world.settled()
    await load.served()
    return world
  }

  /** Resolves once every shard has one owner, and every member some shards. */
  async settled(): Promise<number> {
    const since = performance.now()
    await until(() => {
      const owned = this.members.flatMap(member => member.owned)
      const isWhole = owned.length === SHARDS && new Set(owned).size === SHARDS
      return isWhole && this.members.every(member => member.owned.length > 0) ? true : undefined
    }, PATIENCE_MS)
    return Math.round(performance.now() - since)
  }

  /** Milliseconds until every shard is owned by one of these. */
  async takenOver(by: readonly TillMember[]): Promise<number> {
    const since = performance.now()
    await until(
      () => (new Set(by.flatMap(member => member.owned)).size === SHARDS ? true : undefined),
      PATIENCE_MS,
    )
    return Math.round(performance.now() - since)
  }

  /** What was done outside so far. */
  get runs(): Run[] {
    return runsIn(this.#directory)
  }

  /** The clients end, and everything is looked at. */
  async checked(): Promise<History> {
    const { load, runs } = this
    await load.end()
    const connection = await connectCluster({ servers: this.#servers }, 'checker')
    try {
      const ground = await prepareStreams(connection, NAME, { mustExist: true })
      const history = await readHistory({
        connection,
        ground,
        form: commitForm,
        clock: new SystemClock(),
        limits,
      })
      checkAcknowledged(history, load.acknowledged)
      checkShown(history, [...load.acknowledged, ...load.shown])
      checkHeard(history)
      checkSent(history, SHARDS)
      checkRuns(history, this.runs)
      assert.ok(load.acknowledged.length > 0 && runs.length > 0)
      this.#t.diagnostic(
        `${load.acknowledged.length} commands acknowledged, ${load.shown.length} states shown, ` +
          `${history.entries.length} entries, ${history.heard.length} events, ` +
          `${this.runs.filter(({ what }) => what === 'begun').length} works, ` +
          `${load.troubles.length} errors to clients (${[...new Set(load.troubles)].join(', ') || 'none'})`,
      )
      return history
    } finally {
      await connection.close()
    }
  }
}
