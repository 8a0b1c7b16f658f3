/**
 * A shard's inbox that is a stream: reads ahead, delivers each message once, and says of each how far the stream is read
 * with it. Senders of what it brings from other shards are known to nobody: a place read twice is a command stepped twice.
 */
import type { InboxPosition } from '../../../actors/commit.js'
import type { Delivery, Inbox } from '../../../actors/inbox.js'
import type { Random } from '../random.js'
import type { Owner, Scheduler } from '../scheduler.js'
import { hashOf, type Sent, type SharedStreams, type Told } from './shared-streams.js'
import { StreamReader } from './stream-reader.js'

export interface InboxSite {
  readonly kind: InboxPosition['inbox']
  readonly shard: number
  readonly scheduler: Scheduler
  readonly random: Random
  readonly process: Owner
  readonly streams: SharedStreams
  /** How many deliveries it holds at least before it reads no further. */
  readonly readAhead: number
  fail(what: string): void
}

export class SimulatedInbox implements Inbox {
  readonly #site: InboxSite
  #arrived: Delivery[] = []
  #reader: StreamReader<Sent | Told> | undefined
  #isOver = false
  #listener = () => {}

  constructor(site: InboxSite) {
    this.#site = site
  }

  take(max: number): readonly Delivery[] {
    const taken = this.#arrived.splice(0, max)
    if (taken.length > 0) this.#reader?.goOn()
    return taken
  }

  get size(): number {
    return this.#arrived.length
  }

  onArrival(listener: () => void): void {
    this.#listener = listener
  }

  start(after: InboxPosition | undefined): void {
    if (this.#isOver) return
    const { shard, fail, kind, readAhead } = this.#site
    const sequence = after?.sequence ?? 0
    const from = after?.index === undefined ? sequence : sequence - 1
    if (after !== undefined && this.#next(sequence - 1)?.sequence !== sequence)
      fail(`shard ${shard}: there is no message ${sequence} in its ${kind}, and it was read`)
    let taken = after?.index ?? 0
    this.#reader = new StreamReader<Sent | Told>(
      {
        ...this.#site,
        next: last => this.#next(last),
        mayRead: () => this.#arrived.length < readAhead,
        take: message => {
          this.#arrived.push(...this.#deliveriesOf(message).slice(taken))
          taken = 0
          this.#listener()
        },
      },
      from,
    )
  }

  stop(): void {
    this.#isOver = true
    this.#arrived = []
    void this.#reader?.stop()
  }

  #next(after: number): Sent | Told | undefined {
    const { streams, shard, kind } = this.#site
    return kind === 'sends' ? streams.sentTo(shard, after) : streams.toldTo(shard, after)
  }

  #deliveriesOf(message: Sent | Told): Delivery[] {
    const { kind, random, process } = this.#site
    const place: InboxPosition = { inbox: kind, sequence: message.sequence, hash: hashOf(message) }
    if ('command' in message) {
      const { command, refusal, reply } = message
      const settle: Delivery['settle'] = answer => {
        // An answer may be lost on its way.
        if (process.alive && random.chance(0.95)) reply?.(answer)
      }
      const heard = reply === undefined ? { isUnheard: true } : {}
      return [{ command, bytes: 100, place, ...heard, ...(refusal === undefined ? {} : { refusal }), settle }]
    }
    const { commands } = message
    return commands.map((command, at) => ({
      command,
      bytes: 100,
      isUnheard: true,
      place: at === commands.length - 1 ? place : { ...place, index: at + 1 },
      settle: () => {},
    }))
  }
}
