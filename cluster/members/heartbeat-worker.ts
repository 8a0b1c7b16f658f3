/**
 * The thread that renews this member's lease, over a connection of its own: however busy the thread that steps may
 * be, the member is alive as long as its process runs, and a frozen process freezes both. It speaks to the other
 * thread in messages; what decides, whether the lease holds, goes through shared memory (lease-cell.ts).
 */
import { parentPort, workerData } from 'node:worker_threads'
import type { Limits } from '../../actors/limits.js'
import { type ClusterConnection, type ClusterOptions, connectCluster } from '../connection.js'
import { openBucket } from './buckets.js'
import { LeaseCell } from './lease-cell.js'
import { LeaseRenewal, type Life } from './lease-renewal.js'
import type { MemberAbout } from './member-record.js'

export interface HeartbeatTask {
  readonly cluster: ClusterOptions
  readonly bucket: string
  readonly replicas: number
  readonly cell: SharedArrayBuffer
  readonly limits: Limits
  readonly about: MemberAbout
}

/** Orders to the thread. `say` is beaten at once; `end` removes the key, and ends the thread. */
export type HeartbeatOrder = { readonly kind: 'say'; readonly about: MemberAbout } | { readonly kind: 'end' }

export type HeartbeatNews =
  | { readonly kind: 'life'; readonly life: Life }
  | { readonly kind: 'lost'; readonly reason: string }
  | { readonly kind: 'trouble'; readonly message: string }
  /** A heartbeat that was not acknowledged. */
  | { readonly kind: 'missed'; readonly message: string }
  | { readonly kind: 'ended' }

const task = workerData as HeartbeatTask
const port = parentPort
if (port === null) throw new Error('heartbeat-worker is the thread of a member, started by heartbeat.ts')
const tell = (news: HeartbeatNews): void => port.postMessage(news)

const { limits } = task
const everyMs = limits.leaseMs / 3
let about = task.about
let isEnding = false
let wake: (() => void) | undefined
let renewal: LeaseRenewal | undefined

port.on('message', (order: HeartbeatOrder) => {
  if (order.kind === 'end') isEnding = true
  else about = order.about
  wake?.()
})

async function connected(): Promise<ClusterConnection> {
  for (;;) {
    try {
      return await connectCluster(task.cluster, `${about.id} heartbeat`, limits)
    } catch (error) {
      tell({ kind: 'trouble', message: messageOf(error) })
      if (isEnding) throw error
      await pause(limits.clusterReconnectMs)
    }
  }
}

/** Ends early when there is an order. */
function pause(ms: number): Promise<void> {
  return new Promise(resolve => {
    const timer = setTimeout(done, ms)
    function done(): void {
      clearTimeout(timer)
      wake = undefined
      resolve()
    }
    wake = done
  })
}

async function beat(connection: ClusterConnection): Promise<boolean> {
  try {
    renewal ??= new LeaseRenewal(
      {
        kv: await openBucket(connection.nc, task.bucket, task.replicas),
        cell: new LeaseCell(task.cell),
        answerMsMax: everyMs,
        onLife: life => tell({ kind: 'life', life }),
        onLost: reason => tell({ kind: 'lost', reason }),
      },
      about,
    )
    renewal.say(about)
    return await renewal.beat()
  } catch (error) {
    tell({ kind: 'missed', message: messageOf(error) })
    return false
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

async function run(): Promise<void> {
  const connection = await connected()
  while (!isEnding) {
    const begun = performance.now()
    const said = about
    const isRenewed = await beat(connection)
    if (isEnding || said !== about) continue
    const waitMs = isRenewed ? everyMs - (performance.now() - begun) : limits.clusterReconnectMs
    await pause(Math.max(1, waitMs))
  }
  await renewal?.end().catch((error: unknown) => tell({ kind: 'trouble', message: messageOf(error) }))
  await connection.close()
}

await run().catch((error: unknown) => tell({ kind: 'trouble', message: messageOf(error) }))
tell({ kind: 'ended' })
port.close()
