/** A runtime behind the public wire of a real server, without a cluster: what the wire says is the same. */
import type { TestContext } from 'node:test'
import { headers, type MsgHdrs, type NatsConnection } from '@nats-io/transport-node'
import { type Limits, limitsWith } from '../../actors/limits.js'
import { connectCluster } from '../../cluster/connection.js'
import { namesOf } from '../../cluster/names.js'
import { PublicService } from '../../cluster/service/public-service.js'
import { WireService, type WireServiceSite } from '../../runtime/cluster/wire-service.js'
import { mintCommandId } from '../../runtime/command-id.js'
import { SystemClock } from '../../runtime/system-clock.js'

export interface WireOptions {
  readonly name: string
  readonly member?: string
  readonly limits?: Partial<Limits>
  readonly answerBytesMax?: number
}

export async function publicWire(
  t: Pick<TestContext, 'after'>,
  servers: string,
  api: WireServiceSite['api'],
  { name, member = 'm1', limits: given, answerBytesMax }: WireOptions,
): Promise<PublicService> {
  const connection = await connectCluster({ servers }, member)
  const clock = new SystemClock()
  const limits = limitsWith(given)
  const answerer = new WireService({
    api,
    name,
    clock,
    limits,
    logger: { warn() {}, error() {} },
    mintId: mintCommandId,
    answerBytesMax: () => answerBytesMax ?? connection.maxPayload - limits.clusterHeadroomBytes,
  })
  const names = namesOf(name)
  const service = await PublicService.open({
    connection,
    names,
    clock,
    limits,
    version: '0.0.1',
    member,
    answerer,
  })
  t.after(async () => {
    await service.close()
    await connection.close()
  })
  return service
}

export interface Heard {
  readonly head: MsgHdrs | undefined
  readonly bytes: Uint8Array
  /** Of a JSON answer. */
  readonly body: Record<string, unknown>
}

export async function requested(
  nc: NatsConnection,
  subject: string,
  body: unknown = undefined,
  fields: Readonly<Record<string, string>> = {},
): Promise<Heard> {
  const head = headers()
  for (const [name, value] of Object.entries(fields)) head.set(name, value)
  const bytes = body === undefined ? '' : body instanceof Uint8Array ? body : JSON.stringify(body)
  const answer = await nc.request(subject, bytes, { headers: head, timeout: 10_000 })
  const isJson = answer.headers?.get('content-type') === 'application/json'
  return { head: answer.headers, bytes: answer.data, body: isJson ? answer.json() : {} }
}
