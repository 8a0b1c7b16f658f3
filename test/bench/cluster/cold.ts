/**
 * The cold bench: a member with an empty disk takes over very many orders, a tenth of them live. How soon it answers the
 * first command, and one for an order of every shard, from its spawning on; how many bytes it is sent.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type NatsServer, startNatsServer } from '../../../runtime/demo/nats-server/start-server.js'
import { connect } from '../../../runtime/index.js'
import type { Bench } from '../bench.js'
import { WAITING_EVERY } from '../fill.js'
import { order } from '../order-machine.js'
import { round } from '../statistics.js'
import { fillCluster } from './filled-cluster.js'
import { Peer } from './peer.js'

const ORDERS = 1_000_000
const SHARDS = 64
const LOOK_EVERY_MS = 5
const ASK_MS_MAX = 120_000

export const coldBench: Bench = {
  name: 'cold',
  question: 'how soon a member with an empty disk has taken over very many orders, a tenth of them live',
  async *run({ actors = ORDERS, shards = SHARDS, directory, progress }) {
    const server = await startNatsServer({ storeDir: join(directory, 'store') })
    try {
      const filled = await fillCluster(server.url, { actors, shards, directory, progress })
      progress('cold: a member with an empty disk')
      const before = await bytesSent(server)
      const taken = await takeOver(server.url, filled.waiting, join(directory, 'cold'), shards)
      const moved = (await bytesSent(server)) - before
      const { waiting: _, ...figures } = filled
      yield {
        bench: 'cold',
        orders: actors,
        live: Math.ceil(actors / WAITING_EVERY),
        shards,
        ...figures,
        ...taken,
        movedMb: round(moved / 2 ** 20),
        movedBytesPerOrder: Math.round(moved / actors),
      }
    } finally {
      await server.stop()
    }
  },
}

/** Asks one order of each shard from the beginning on, as soon as there is a member to ask. */
async function takeOver(servers: string, waiting: readonly string[], path: string, shards: number) {
  mkdirSync(path)
  const began = performance.now()
  const sinceMs = () => Math.round(performance.now() - began)
  const connecting = connect({ actors: [order], servers, limits: { remoteAwayMsMax: ASK_MS_MAX } })
  const member = await Peer.start('./member.js', { servers, path, shards }, undefined)
  const client = await connecting
  try {
    const memberMs = sinceMs()
    const options = { timeoutMs: ASK_MS_MAX }
    const answered = await Promise.all(
      waiting.map(id => client.actor(order, id).ask({ type: 'DELIVERED' }, options).then(sinceMs)),
    )
    while ((await member.ask<number>('owned')) < shards) await delay(LOOK_EVERY_MS)
    const allOwnedMs = sinceMs()
    const { rssMb } = await member.ask<{ rssMb: number }>('sample')
    await member.ask('end')
    await member.ended()
    return {
      memberMs,
      firstAnswerMs: Math.min(...answered),
      allShardsAnswerMs: Math.max(...answered),
      allOwnedMs,
      memberRssMb: rssMb,
    }
  } finally {
    member.kill()
    await client[Symbol.asyncDispose]()
  }
}

/** To whoever is connected. */
async function bytesSent(server: NatsServer): Promise<number> {
  return Number((await server.monitor('/varz'))?.out_bytes)
}
