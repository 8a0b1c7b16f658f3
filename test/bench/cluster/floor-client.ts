/** The client of the floor, in a process of its own: a bare connection. Argument: a `ClientSetting` as JSON. */
import { connect } from '@nats-io/transport-node'
import { Latencies } from '../statistics.js'
import type { ClientSample, ClientSetting } from './client.js'
import { ANSWERS, FOLLOW_BYTES, floorCommand, ordersAnswered, UNFOLLOW_BYTES } from './floor-traffic.js'
import { answering } from './peer.js'

const { servers, orders } = JSON.parse(process.argv[2] ?? '{}') as ClientSetting
const nc = await connect({ servers })
const latencies = new Latencies()
const follow = new Uint8Array(FOLLOW_BYTES)
const unfollow = new Uint8Array(UNFOLLOW_BYTES)
/** When the message of each that is to be answered was sent, and whether it is the first. */
const underway = new Map<number, { sentAt: number; isStart: boolean }>()
let last = 0
let finished = 0
let isEnding = false

nc.subscribe(`${ANSWERS}.*`, {
  callback: (_, { subject, data }) => {
    if (subject.endsWith('.+')) for (const order of ordersAnswered(data)) answered(order)
  },
})

answering({
  begin: () => {
    for (let one = 0; one < orders; one++) start()
  },
  reset: () => latencies.reset(),
  sample: (): ClientSample => ({
    finished,
    inFlight: underway.size,
    p50Ms: latencies.percentile(50),
    p99Ms: latencies.percentile(99),
  }),
  end: async () => {
    isEnding = true
    await nc.close()
    process.nextTick(() => process.disconnect())
  },
})

function start(): void {
  send(++last, 'start')
}

function send(order: number, verb: 'start' | 'end'): void {
  underway.set(order, { sentAt: performance.now(), isStart: verb === 'start' })
  const { subject, headers, body } = floorCommand(order, verb)
  nc.publish(subject, body, { headers, reply: `${ANSWERS}.${order}` })
}

function answered(order: number): void {
  const sent = underway.get(order)
  if (sent === undefined || isEnding) return
  latencies.note(performance.now() - sent.sentAt)
  if (sent.isStart) {
    nc.publish('perdure.o.0.follow', follow, { reply: `${ANSWERS}.${order}` })
    nc.publish('perdure.o.0.unfollow', unfollow)
    return send(order, 'end')
  }
  underway.delete(order)
  finished++
  start()
}
