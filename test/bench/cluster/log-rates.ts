/** What a cluster's log says of how it was written: commits so far, and how many of the last flew as one batch. */
import { DeliverPolicy, jetstream, jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'

const STREAM = 'PERDURE_JOURNAL'
const COMMITS = 'perdure.j.*.*.commit'
const LAST_MESSAGES = 4_000

export class LogRates {
  readonly #nc: Awaited<ReturnType<typeof connect>>

  private constructor(nc: Awaited<ReturnType<typeof connect>>) {
    this.#nc = nc
  }

  static async open(servers: string): Promise<LogRates> {
    return new LogRates(await connect({ servers }))
  }

  /** Of all shards. */
  async commits(): Promise<number> {
    const manager = await jetstreamManager(this.#nc)
    const { state } = await manager.streams.info(STREAM, { subjects_filter: COMMITS })
    return Object.values(state.subjects ?? {}).reduce((sum, count) => sum + count, 0)
  }

  /** Of the last few thousand. */
  async commitsPerBatch(): Promise<number> {
    const manager = await jetstreamManager(this.#nc)
    const { last_seq } = (await manager.streams.info(STREAM)).state
    const consumer = await jetstream(this.#nc).consumers.get(STREAM, {
      filter_subjects: [COMMITS],
      deliver_policy: DeliverPolicy.StartSequence,
      opt_start_seq: Math.max(1, last_seq - LAST_MESSAGES),
      headers_only: true,
    })
    const batches = new Set<string>()
    let commits = 0
    for (let left = 1; left > 0; ) {
      for await (const message of await consumer.fetch({ max_messages: 1_000, expires: 1_000 })) {
        left = message.info.pending
        commits++
        // One that flew alone needed no batch.
        batches.add(message.headers?.get('Nats-Batch-Id') || String(message.seq))
      }
      if (commits === 0) break
    }
    return commits / batches.size
  }

  async close(): Promise<void> {
    await this.#nc.close()
  }
}
