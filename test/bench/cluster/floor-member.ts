/**
 * The member of the floor, in a process of its own: reads each shard's commands, appends commits as large as a
 * member's, one of a shard at a time, and answers. Argument: a `MemberSetting` as JSON.
 */
import { headers } from '@nats-io/transport-node'
import { limits } from '../../../actors/limits.js'
import { connectCluster } from '../../../cluster/connection.js'
import { StreamSession } from '../../../cluster/inbox/stream-session.js'
import { prepareStreams } from '../../../cluster/streams/setup.js'
import { SystemClock } from '../../../runtime/system-clock.js'
import {
  ANSWERS,
  COMMANDS_PER_MESSAGE,
  COMMIT_BYTES_PER_MESSAGE,
  floorAnswers,
  orderOfSubject,
} from './floor-traffic.js'
import type { MemberSample, MemberSetting } from './member.js'
import { answering } from './peer.js'

const READ_AHEAD_BYTES = 2 * 1024 * 1024

const { servers, shards } = JSON.parse(process.argv[2] ?? '{}') as MemberSetting
const connection = await connectCluster({ servers }, 'floor', limits)
const { names } = await prepareStreams(connection, undefined, { shards })
const { nc } = connection
const clock = new SystemClock()
let commands = 0
let waiting = 0
/** Orders to be answered at the end of this turn. */
let due: number[] = []
const sessions: StreamSession[] = []

for (let shard = 0; shard < shards; shard++) await serve(shard)
nc.subscribe('perdure.o.*.*', { callback: () => {} })
await nc.flush()

answering({
  owned: () => shards,
  sample: (): MemberSample => {
    return { commands, waiting, rssMb: Math.round(process.memoryUsage.rss() / 2 ** 20) }
  },
  end: async () => {
    for (const session of sessions) session.close()
    await nc.close()
    process.nextTick(() => process.disconnect())
  },
})

async function serve(shard: number): Promise<void> {
  let arrived: number[] = []
  let last = 0
  let isBusy = false
  const commit = async () => {
    isBusy = true
    while (arrived.length > 0) {
      const taken = arrived
      arrived = []
      last = await append(shard, last, taken.length)
      commands += taken.length * COMMANDS_PER_MESSAGE
      waiting -= taken.length
      answer(taken)
    }
    isBusy = false
  }
  const session = await StreamSession.open(
    {
      connection,
      clock,
      limits,
      stream: names.commandsStream,
      shard,
      filter: names.shardCommands(shard),
      onMessage: ({ subject }) => {
        arrived.push(orderOfSubject(subject))
        waiting++
        if (!isBusy && arrived.length === 1) clock.soon(() => void commit())
      },
      onIdle: ask,
      onLost: why => {
        throw new Error(`shard ${shard} of the floor is not read any more: ${why}`)
      },
    },
    undefined,
  )
  sessions.push(session)
  function ask(): void {
    session.ask(limits.clusterInboxCommandsMax / 2, READ_AHEAD_BYTES)
  }
  ask()
}

/** A commit of one message, after the one before. Answers its sequence. */
async function append(shard: number, after: number, messages: number): Promise<number> {
  const head = headers()
  head.set('Nats-Expected-Last-Subject-Sequence', `${after}`)
  for (const name of ['Commit', 'Kind', 'Epoch', 'Member', 'Chunk', 'First'])
    head.set(`Perdure-${name}`, '0123456789')
  const body = new Uint8Array(messages * COMMIT_BYTES_PER_MESSAGE)
  const ack = await nc.request(names.commit(1, shard), body, { headers: head, timeout: limits.clusterAckMs })
  const { seq, error } = ack.json<{ seq?: number; error?: unknown }>()
  if (seq === undefined || error !== undefined) throw new Error(`a commit of the floor: ${ack.string()}`)
  return seq
}

function answer(orders: readonly number[]): void {
  if (due.length === 0)
    clock.soon(() => {
      nc.publish(`${ANSWERS}.+`, floorAnswers(due))
      due = []
    })
  due.push(...orders)
}
