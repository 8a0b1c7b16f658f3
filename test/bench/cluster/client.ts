/** The client of the cluster bench, in a process of its own. Argument: a `ClientSetting` as JSON. */
import { connect } from '../../../runtime/index.js'
import { Clients } from '../clients.js'
import { order } from '../order-machine.js'
import { Latencies } from '../statistics.js'
import { answering } from './peer.js'

export interface ClientSetting {
  readonly servers: string
  /** In flight at once. */
  readonly orders: number
}

export interface ClientSample {
  readonly finished: number
  readonly inFlight: number
  /** Of all commands since the last `reset`. */
  readonly p50Ms: number
  readonly p99Ms: number
}

const { servers, orders } = JSON.parse(process.argv[2] ?? '{}') as ClientSetting
// Every order that is waited for is followed.
const client = await connect({ actors: [order], servers, limits: { remoteStreamsMax: 2 * orders } })
const latencies = new Latencies()
const clients = new Clients(client, latencies)
let driven = Promise.resolve()

answering({
  begin: () => {
    driven = clients.closed(orders)
  },
  reset: () => latencies.reset(),
  sample: (): ClientSample => {
    const { finished, inFlight } = clients
    return { finished, inFlight, p50Ms: latencies.percentile(50), p99Ms: latencies.percentile(99) }
  },
  end: async () => {
    clients.end()
    await driven
    await client[Symbol.asyncDispose]()
    process.nextTick(() => process.disconnect())
  },
})
