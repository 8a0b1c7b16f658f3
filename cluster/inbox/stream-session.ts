/**
 * One life of a consumer: messages of one stream on some subjects, in order, from a place on. It ends, once, when it
 * may have missed anything: its consumer is gone, a delivery is, or the server says nothing any more. Whoever needs
 * more opens another.
 *
 * Invariants: nothing comes before the place was found to be there; nothing comes that was not asked for, and what is
 * asked for at once is bounded by messages and bytes.
 */
import { AckPolicy, DeliverPolicy } from '@nats-io/jetstream'
import { createInbox, type Msg, nanos, type Subscription } from '@nats-io/transport-node'
import type { Clock } from '../../actors/clock.js'
import type { InboxPosition } from '../../actors/commit.js'
import type { Limits } from '../../actors/limits.js'
import type { ClusterConnection } from '../connection.js'
import { assertPlace, firstAfter } from './place.js'

export interface SessionSite {
  readonly connection: ClusterConnection
  readonly clock: Clock
  readonly limits: Limits
  readonly stream: string
  readonly shard: number
  readonly filter: string
  /** `waiting`: how many more there are for the shard. */
  readonly onMessage: (message: Msg, sequence: number, waiting: number) => void
  /** All that was asked for has come, or does not come: it may be asked again. */
  readonly onIdle: () => void
  readonly onLost: (why: string) => void
}

const HEARTBEAT = 100
const TIMED_OUT = 408
const ENDED = 409
/** Of what an end of a request may mean, what only means that. */
const ONLY_THE_REQUEST = /^(Batch Completed|Message Size Exceeds MaxBytes)/i
/** Heartbeats that may stay away. */
const MISSED_MAX = 3
/** How long a request may stay open, in heartbeats; the consumer itself outlasts a few. */
const REQUEST_HEARTBEATS = 30
const CONSUMER_HEARTBEATS = 4 * REQUEST_HEARTBEATS

export class StreamSession {
  readonly #site: SessionSite
  readonly #consumer: string
  readonly #subscription: Subscription
  readonly #inbox: string
  #delivered = 0
  /** Requests so far: each is answered on a subject of its own. */
  #requests = 0
  /** Messages of the present request that are still to come; 0: there is none. */
  #due = 0
  #isOver = false
  /** Since the last look. */
  #wasHeard = true
  #missed = 0
  #cancelWatch: () => void

  /**
   * @throws LogMismatchError when the stream is not the one of that place; what the servers say otherwise.
   */
  static async open(site: SessionSite, after: InboxPosition | undefined): Promise<StreamSession> {
    const { connection, limits, stream, filter } = site
    const heartbeatMs = limits.clusterInboxHeartbeatMs
    const { name } = await connection.jsm.consumers.add(stream, {
      ack_policy: AckPolicy.None,
      mem_storage: true,
      num_replicas: 1,
      inactive_threshold: nanos(CONSUMER_HEARTBEATS * heartbeatMs),
      filter_subject: filter,
      ...(after === undefined
        ? { deliver_policy: DeliverPolicy.All }
        : { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: firstAfter(after) }),
    })
    const session = new StreamSession(site, name)
    try {
      // After the consumer was made: it ends with its stream, so what is found is what it reads.
      if (after !== undefined) await assertPlace(connection, stream, site.shard, after)
      return session
    } catch (error) {
      session.close()
      throw error
    }
  }

  private constructor(site: SessionSite, consumer: string) {
    this.#site = site
    this.#consumer = consumer
    this.#inbox = createInbox()
    this.#subscription = site.connection.nc.subscribe(`${this.#inbox}.*`, {
      callback: (error, message) => {
        if (error !== null) this.#lose(error.message)
        else this.#take(message)
      },
    })
    this.#cancelWatch = this.#watch()
  }

  get isAsking(): boolean {
    return this.#due > 0
  }

  get isOver(): boolean {
    return this.#isOver
  }

  /** Asks for what comes next. Nothing may be asked for still. */
  ask(messages: number, bytes: number): void {
    const { connection, limits, stream } = this.#site
    const heartbeatMs = limits.clusterInboxHeartbeatMs
    const request = {
      batch: messages,
      max_bytes: bytes,
      expires: nanos(REQUEST_HEARTBEATS * heartbeatMs),
      idle_heartbeat: nanos(heartbeatMs),
    }
    const subject = `$JS.API.CONSUMER.MSG.NEXT.${stream}.${this.#consumer}`
    this.#due = messages
    this.#requests++
    this.#wasHeard = true
    this.#missed = 0
    if (connection.nc.isClosed()) return this.#lose('the connection is closed')
    connection.nc.publish(subject, JSON.stringify(request), { reply: this.#answers })
  }

  get #answers(): string {
    return `${this.#inbox}.${this.#requests}`
  }

  /** Nothing comes any more, and nobody is told. */
  close(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#cancelWatch()
    this.#subscription.unsubscribe()
    const { connection, stream } = this.#site
    // It ends by itself, if this does not reach it.
    if (connection.isConnected) connection.jsm.consumers.delete(stream, this.#consumer).catch(() => {})
  }

  #take(message: Msg): void {
    this.#wasHeard = true
    if (this.#isOver) return
    if (message.subject.startsWith(this.#inbox)) return this.#takeStatus(message)
    const { delivery, sequence, waiting } = numbersOf(message.reply ?? '')
    if (delivery !== this.#delivered + 1)
      return this.#lose(`expected delivery ${this.#delivered + 1}, found ${delivery}`)
    this.#delivered = delivery
    this.#due--
    this.#site.onMessage(message, sequence, waiting)
    // Not every server says so when all have come.
    if (this.#due === 0) this.#site.onIdle()
  }

  #takeStatus({ subject, headers }: Msg): void {
    if (this.#due === 0 || subject !== this.#answers) return
    const code = headers?.code
    const description = headers?.description ?? ''
    if (code === HEARTBEAT) {
      const last = Number(headers?.get('Nats-Last-Consumer') || this.#delivered)
      if (last !== this.#delivered) this.#lose(`expected delivery ${this.#delivered} last, found ${last}`)
      return
    }
    if (code !== TIMED_OUT && !(code === ENDED && ONLY_THE_REQUEST.test(description)))
      return this.#lose(`${code} ${description}`.trim())
    this.#due = 0
    this.#site.onIdle()
  }

  /** Looks now and then whether the server was heard: a turn that took long is no silence. */
  #watch(): () => void {
    const { clock, limits } = this.#site
    return clock.after(limits.clusterInboxHeartbeatMs, () => {
      this.#missed = this.#wasHeard || !this.isAsking ? 0 : this.#missed + 1
      this.#wasHeard = false
      if (this.#missed >= MISSED_MAX) return this.#lose(`${this.#missed} heartbeats missed`)
      this.#cancelWatch = this.#watch()
    })
  }

  #lose(why: string): void {
    if (this.#isOver) return
    this.close()
    this.#site.onLost(why)
  }
}

/** From `$JS.ACK.[<domain>.<account>.]<stream>.<consumer>.<tries>.<sequence>.<delivery>.<time>.<pending>[.…]`. */
function numbersOf(reply: string): Record<'sequence' | 'delivery' | 'waiting', number> {
  const tokens = reply.split('.')
  const at = tokens.length > 9 ? 7 : 5
  return {
    sequence: Number(tokens[at]),
    delivery: Number(tokens[at + 1]),
    waiting: Number(tokens[at + 3]),
  }
}
