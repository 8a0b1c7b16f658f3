/**
 * An actor followed from elsewhere: each state after one, none left out, pushed as soon as it is durable. It ends by
 * itself, after so many states or so much time, so that nobody is written to who is not there any more; whoever wants
 * more asks again, of whoever has the shard then.
 *
 * Invariant: states are told in order, each once. One that was missed, and what was there before, is read from the
 * history.
 */
import type { Address } from '../../actors/address.js'
import type { Clock } from '../../actors/clock.js'
import type { Limits } from '../../actors/limits.js'
import type { ActorService, SeenActor } from '../client/service.js'
import { NOBODY_NEWS, stateNews } from './feed-news.js'

export interface FeedRequest {
  readonly address: Address
  /** The last state known. Absent: the present one is told first, or that there is none. */
  readonly after?: number
  /** Whether states are told as their logic wrote them and no more, for a client that reads them. */
  readonly isBare?: boolean
}

export interface FeedSite {
  readonly service: ActorService & { seeNow(address: Address): SeenActor | undefined }
  readonly clock: Clock
  /** When it ends, in time and in states: `changesWaitMs` and `readAheadEntriesMax`. */
  readonly limits: Limits
  tell(news: Uint8Array): void
}

export class Feed {
  readonly #site: FeedSite
  readonly #request: FeedRequest
  /** The last state told. */
  #cursor = 0
  /** The last state heard of. */
  #newest = 0
  #left: number
  #isReading = false
  #isOver = false
  readonly #stops: (() => void)[] = []
  #resolve: () => void = () => {}
  #reject: (error: unknown) => void = () => {}

  constructor(request: FeedRequest, site: FeedSite) {
    this.#request = request
    this.#site = site
    this.#left = site.limits.readAheadEntriesMax
  }

  /** Resolves when it has ended, of itself or by `end`. @throws PerdureError when the runtime has ended */
  run(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
      try {
        this.#begin()
      } catch (error) {
        this.#over(() => reject(error))
      }
    })
  }

  end(): void {
    this.#over(this.#resolve)
  }

  #begin(): void {
    const { service, clock, limits } = this.#site
    const { address, after } = this.#request
    this.#stops.push(
      service.follow(address, seen => this.#hear(seen)),
      service.onEnd(error => this.#over(() => this.#reject(error))),
      clock.after(limits.changesWaitMs, () => this.end()),
    )
    const now = service.seeNow(address)
    this.#newest = now?.seq ?? 0
    this.#cursor = after ?? this.#newest
    if (after === undefined) this.#tell(now)
    else if (now?.seq === after + 1) this.#push(now)
    else if (this.#newest > after) this.#read()
  }

  #hear(seen: SeenActor): void {
    this.#newest = Math.max(this.#newest, seen.seq)
    if (this.#isReading) return
    if (seen.seq === this.#cursor + 1) this.#push(seen)
    else if (seen.seq > this.#cursor) this.#read()
  }

  #push(seen: SeenActor): void {
    this.#cursor = seen.seq
    this.#tell(seen)
    if (--this.#left <= 0) this.end()
  }

  #read(): void {
    this.#isReading = true
    this.#readOn().catch((error: unknown) => this.#over(() => this.#reject(error)))
  }

  async #readOn(): Promise<void> {
    const { service } = this.#site
    while (!this.#isOver && this.#newest > this.#cursor) {
      const before = this.#cursor
      for await (const seen of service.states(this.#request.address, before)) {
        if (this.#isOver) return
        this.#push(seen)
      }
      // What is not in the history any more is not told of.
      if (this.#cursor === before) this.#cursor = this.#newest
    }
    this.#isReading = false
  }

  #tell(seen: SeenActor | undefined): void {
    const { address, isBare = false } = this.#request
    this.#site.tell(seen === undefined ? NOBODY_NEWS : stateNews(address, seen, isBare))
  }

  #over(how: () => void): void {
    if (this.#isOver) return
    this.#isOver = true
    for (const stop of this.#stops) stop()
    how()
  }
}
