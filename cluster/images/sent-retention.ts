/**
 * Forgets what rode in the log with commits and has arrived: commands to other shards that these have committed, and
 * events that the stream of events has taken over, which keeps them as long as it keeps any.
 *
 * Invariants: the message at a shard's place is never purged: it is the witness by which the place is found again. A
 * place is purged up to one round after it was given, since a log may lose what it acknowledged last.
 */
import type { InboxPosition } from '../../actors/commit.js'
import type { ClusterConnection } from '../connection.js'
import type { ClusterGround } from '../streams/setup.js'

/** What a server writes on a message that it took from another stream: which one, and its sequence there. */
const SOURCE = 'Nats-Stream-Source'

export class SentRetention {
  readonly #connection: ClusterConnection
  readonly #ground: Pick<ClusterGround, 'names'>
  /** As given in the round before, and up to where each was purged. */
  #given: ReadonlyMap<number, number> = new Map()
  readonly #purged = new Map<number, number>()
  #eventsGiven = 0
  #eventsPurged = 0

  constructor(connection: ClusterConnection, ground: Pick<ClusterGround, 'names'>) {
    this.#connection = connection
    this.#ground = ground
  }

  /**
   * One round of what was sent to shards that are owned here. A shard that was not given in the round before is left.
   * @param places of them in what others sent, as committed.
   * @param span how many messages of the log a purge must be worth.
   */
  async forgetSent(places: ReadonlyMap<number, InboxPosition>, span: number): Promise<void> {
    const before = this.#given
    this.#given = new Map([...places].map(([shard, { sequence }]) => [shard, sequence]))
    for (const [shard, sequence] of before) {
      if (!places.has(shard) || sequence - (this.#purged.get(shard) ?? 0) < span) continue
      await this.#purge(this.#ground.names.sentTo(shard), sequence)
      this.#purged.set(shard, sequence)
    }
  }

  /** One round of the events of all shards; of one member's doing. */
  async forgetEvents(span: number): Promise<void> {
    const upTo = this.#eventsGiven
    this.#eventsGiven = await this.#eventsTaken()
    if (upTo - this.#eventsPurged < span) return
    await this.#purge(this.#ground.names.publishedOfAll, upTo)
    this.#eventsPurged = upTo
  }

  /** Sequence in the log of the last event that the stream of events has; 0 when it does not say. */
  async #eventsTaken(): Promise<number> {
    const { eventsStream, journalStream } = this.#ground.names
    const { last_seq: seq } = (await this.#connection.jsm.streams.info(eventsStream)).state
    const last = seq === 0 ? null : await this.#connection.jsm.streams.getMessage(eventsStream, { seq })
    const [stream = '', sequence] = last?.header.get(SOURCE).split(' ') ?? []
    return stream.split(':')[0] === journalStream ? Number(sequence) || 0 : 0
  }

  async #purge(filter: string, seq: number): Promise<void> {
    await this.#connection.jsm.streams.purge(this.#ground.names.journalStream, { filter, seq })
  }
}
