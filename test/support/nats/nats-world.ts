/**
 * NATS for one test: servers and connections that end with it.
 */
import type { TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { connect, type NatsConnection, type NodeConnectionOptions } from '@nats-io/transport-node'
import type { ServerOptions } from '../../../runtime/demo/nats-server/server-settings.js'
import { type NatsServer, startNatsServer } from '../../../runtime/demo/nats-server/start-server.js'

export async function serverFor(
  t: Pick<TestContext, 'after'>,
  options: ServerOptions = {},
): Promise<NatsServer> {
  const server = await startNatsServer(options)
  t.after(() => server.stop())
  return server
}

export async function connectionTo(
  t: Pick<TestContext, 'after'>,
  servers: string | string[],
  options: NodeConnectionOptions = {},
): Promise<NatsConnection> {
  const connection = await connect({ servers, ...options })
  t.after(() => connection.close())
  return connection
}

/** Once a connection that was lost, or will be in a moment, is there again. */
export async function reconnected(connection: NatsConnection): Promise<void> {
  for await (const { type } of connection.status()) if (type === 'reconnect') return
}

const eventuallyMsMax = 60_000
const askEveryMs = 20

/** What is answered at last, while it may yet be undefined or fail: a server is away, a leader is not elected. */
export async function eventually<Value>(ask: () => Promise<Value | undefined>): Promise<Value> {
  const end = performance.now() + eventuallyMsMax
  for (;;) {
    let failure: unknown
    try {
      const answer = await ask()
      if (answer !== undefined) return answer
    } catch (error) {
      failure = error
    }
    if (performance.now() > end) throw new Error(`not in ${eventuallyMsMax} ms`, { cause: failure })
    await delay(askEveryMs)
  }
}
