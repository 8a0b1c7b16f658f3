/**
 * A cluster's streams on a server of one test, and inboxes that read them. What an inbox delivers is taken as it comes
 * and kept, unless the test takes it itself.
 */
import type { TestContext } from 'node:test'
import { headers } from '@nats-io/transport-node'
import type { Command } from '../../../actors/command.js'
import type { InboxPosition } from '../../../actors/commit.js'
import type { Delivery } from '../../../actors/inbox.js'
import { type Limits, limitsWith } from '../../../actors/limits.js'
import { type ClusterConnection, connectCluster } from '../../../cluster/connection.js'
import { StreamInbox, type StreamInboxSite } from '../../../cluster/inbox/stream-inbox.js'
import { shardOf } from '../../../cluster/shard-of.js'
import { type ClusterGround, prepareStreams } from '../../../cluster/streams/setup.js'
import { commandMessage, type Sending, type WireMessage } from '../../../cluster/wire/command-message.js'
import type { NatsCluster } from '../../../runtime/demo/nats-server/start-cluster.js'
import type { NatsServer } from '../../../runtime/demo/nats-server/start-server.js'
import { SystemClock } from '../../../runtime/system-clock.js'
import { serverFor } from './nats-world.js'

const SHARDS = 4

export interface InboxWorld {
  readonly server: NatsServer
  readonly connection: ClusterConnection
  readonly ground: ClusterGround
  /** Resolves with the message's number in the stream. */
  publish(message: WireMessage): Promise<number>
  /** The same of a command. */
  send(command: Command, sending?: Sending): Promise<number>
  read(options?: Partial<StreamInboxSite>): ReadInbox
}

/** @param cluster whose first server it is on; absent: one of its own. */
export async function inboxWorld(
  t: TestContext,
  limits: Partial<Limits> = {},
  cluster?: NatsCluster,
): Promise<InboxWorld> {
  const server = cluster?.servers[0] ?? (await serverFor(t))
  const connection = await connectCluster({ servers: server.url }, 'inbox')
  t.after(() => connection.nc.close())
  const ground = await prepareStreams(connection, undefined, {
    shards: SHARDS,
    replicas: cluster?.servers.length ?? 1,
  })
  const publish = async ({ subject, headers: given, body }: WireMessage) => {
    const marked = headers()
    for (const [name, value] of given) marked.set(name, value)
    return (await connection.js.publish(subject, body, { headers: marked })).seq
  }
  return {
    server,
    connection,
    ground,
    publish,
    send: (command, sending) => publish(commandMessage(command, ground.names, sending)),
    read: (options = {}) => {
      const inbox = new ReadInbox({
        kind: 'commands',
        shard: 0,
        connection,
        ground,
        clock: new SystemClock(),
        limits: limitsWith({ clusterInboxHeartbeatMs: 500, ...limits }),
        admit: () => undefined,
        reply: () => {},
        ...options,
      })
      t.after(() => inbox.stop())
      return inbox
    },
  }
}

type ReadSite = Omit<StreamInboxSite, 'failed'>

class ReadInbox {
  readonly inbox: StreamInbox
  readonly deliveries: Delivery[] = []
  /** What it said when it could not go on. */
  readonly failure: Promise<unknown>
  #isTaking = true
  #waiting: (() => void)[] = []

  constructor(site: ReadSite) {
    let failed: (error: unknown) => void = () => {}
    this.failure = new Promise(resolve => {
      failed = resolve
    })
    this.inbox = new StreamInbox({ ...site, failed })
    this.inbox.onArrival(() => {
      if (this.#isTaking) this.takeAll()
    })
  }

  start(after?: InboxPosition): Promise<void> {
    return this.inbox.start(after)
  }

  stop(): Promise<void> {
    return this.inbox.stop()
  }

  /** What comes stays in the inbox from here on, or is taken again. */
  set isTaking(isTaking: boolean) {
    this.#isTaking = isTaking
  }

  takeAll(): void {
    this.deliveries.push(...this.inbox.take(this.inbox.size))
    for (const wake of this.#waiting.splice(0)) wake()
  }

  /** Resolves when so many have been taken in all. */
  async until(count: number): Promise<readonly Delivery[]> {
    while (this.deliveries.length < count) await new Promise<void>(resolve => this.#waiting.push(resolve))
    return this.deliveries
  }

  get ids(): readonly string[] {
    return this.deliveries.map(one => one.command.commandId)
  }
}

/** Keys of orders that live in a shard, in order, without end. */
export function* keysIn(shard: number): Generator<string> {
  for (let number = 0; ; number++) if (shardOf(`order/o-${number}`, SHARDS) === shard) yield `o-${number}`
}

/** So many events for actors of a shard, each with its number for an id. */
export function eventsFor(shard: number, count: number, from = 0): Command[] {
  const keys = keysIn(shard)
  return Array.from({ length: count }, (_, index) => ({
    kind: 'message',
    commandId: `${from + index}`,
    target: `order/${keys.next().value}`,
    event: { type: 'ADD', amount: from + index },
  }))
}

export function numbers(count: number, from = 0): string[] {
  return Array.from({ length: count }, (_, index) => `${from + index}`)
}
