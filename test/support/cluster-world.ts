/** A cluster of one member in this process on a real server, as a client's contract wants its world. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { jetstreamManager } from '@nats-io/jetstream'
import { connect as natsConnect } from '@nats-io/transport-node'
import { connect } from '../../runtime/connect.js'
import { createRuntime } from '../../runtime/index.js'
import type { WorldMaker } from '../contracts/client-worlds.js'

/** Few, so that their journals are soon open, and more than one, so that something goes between them. */
const SHARDS = 3
/** Whoever asks a client when its cluster is gone for good shall not wait long for that. */
const AWAY = { remoteAwayMsMax: 4_000, leaveMsMax: 100, leaseMs: 1_500 }

let clusters = 0

/** A server has room for so many streams. */
async function remove({ servers, name }: { servers: string; name: string }): Promise<void> {
  const connection = await natsConnect({ servers })
  const manager = await jetstreamManager(connection)
  for await (const { config } of manager.streams.list())
    if (config.name.replace(/^KV_/, '').toLowerCase().startsWith(`${name}_`))
      await manager.streams.delete(config.name)
  await connection.close()
}

export function clusterWorld(servers: () => string): WorldMaker {
  return async (actors, limits = {}) => {
    const path = mkdtempSync(join(tmpdir(), 'perdure-member-'))
    const cluster = { servers: servers(), name: `world${++clusters}` }
    const start = () =>
      createRuntime({
        actors,
        path,
        limits: { ...AWAY, ...limits },
        control: false,
        cluster: { ...cluster, shards: SHARDS },
      })
    let runtime = await start()
    const client = await connect({ actors, ...cluster, limits: { ...AWAY, ...limits } })
    return {
      client,
      storesCommands: true,
      async crash() {
        await runtime.stop()
        runtime = await start()
      },
      stop: () => runtime.stop(),
      async [Symbol.asyncDispose]() {
        await client[Symbol.asyncDispose]()
        await runtime.stop()
        await remove(cluster)
        rmSync(path, { recursive: true, force: true })
      },
    }
  }
}
