/**
 * One actor followed for all in this process who want to hear of it, over one stream, for as long as anyone
 * does. The stream is opened again when the runtime went away, after the last state heard.
 *
 * Invariants: each listener hears every state after the one that was there when it began, in order, once;
 * states wait until it is known which that was.
 */
import { toErrorValue } from '../../../actors/codec.js'
import type { HostLogger } from '../../shard-host-options.js'
import type { SeenActor, Watch } from '../service.js'

export interface WatchListener {
  /** The state that is there first, undefined before its birth; then each after it. */
  next(seen: SeenActor | undefined): void
  failed(error: unknown): void
}

export interface FollowingSource {
  /** The actor's last state, undefined before its birth. */
  now(): Promise<SeenActor | undefined>
  /** The same, and then each state after it, over restarts, until the answer is called. */
  watch(listener: WatchListener): () => void
  /** Told when it had to be given up, and why. */
  onFailed(error: unknown): void
  readonly logger: HostLogger
}

interface Listener {
  readonly tell: (seen: SeenActor) => void
  /** The state after which it is told; undefined while that is not known. */
  after: number | undefined
  /** What came until then, in order. */
  held: SeenActor[]
}

const nothing = () => {}

export class Following {
  readonly #source: FollowingSource
  readonly #onEmpty: () => void
  readonly #listeners = new Set<Listener>()
  #stop = nothing
  /** Nobody is kept waiting for a state that is not told any more. */
  #giveUp = nothing
  #isOver = false

  /** @param onEmpty told when nobody listens any more. */
  constructor(source: FollowingSource, onEmpty: () => void) {
    this.#source = source
    this.#onEmpty = onEmpty
  }

  /** It is sure to hear of all that comes after the state that `now` resolves with. */
  add(tell: (seen: SeenActor) => void): Watch {
    const listener: Listener = { tell, after: undefined, held: [] }
    const isFirst = this.#listeners.size === 0
    this.#listeners.add(listener)
    const now = isFirst ? this.#begin(listener) : this.#join(listener)
    now.catch(error => this.#fail(error))
    return { stop: () => this.#remove(listener), now }
  }

  end(): void {
    this.#isOver = true
    this.#stop()
    this.#giveUp()
    // Who holds it longer than that holds nothing more by it.
    this.#stop = nothing
    this.#giveUp = nothing
  }

  #begin(listener: Listener): Promise<SeenActor | undefined> {
    return new Promise((resolve, reject) => {
      let isBase = true
      this.#giveUp = () => resolve(undefined)
      const stop = this.#source.watch({
        next: seen => {
          if (!isBase) return seen && this.#hear(seen)
          isBase = false
          listener.after = seen?.seq ?? 0
          resolve(seen)
        },
        failed: error => {
          reject(error)
          this.#fail(error)
        },
      })
      this.#stop = stop
      if (this.#isOver) stop()
    })
  }

  async #join(listener: Listener): Promise<SeenActor | undefined> {
    const seen = await this.#source.now()
    const after = seen?.seq ?? 0
    listener.after = after
    const { held } = listener
    listener.held = []
    for (const one of held) if (one.seq > after) this.#tell(listener, one)
    return seen
  }

  #hear(seen: SeenActor): void {
    for (const listener of [...this.#listeners]) {
      if (listener.after === undefined) listener.held.push(seen)
      else if (seen.seq > listener.after) this.#tell(listener, seen)
    }
  }

  #tell(listener: Listener, seen: SeenActor): void {
    if (this.#isOver || !this.#listeners.has(listener)) return
    const { logger } = this.#source
    const failed = (error: unknown) => logger.warn({ error: toErrorValue(error) }, 'a listener threw')
    try {
      const told: unknown = listener.tell(seen)
      if (told instanceof Promise) told.catch(failed)
    } catch (error) {
      failed(error)
    }
  }

  #remove(listener: Listener): void {
    if (!this.#listeners.delete(listener) || this.#listeners.size > 0) return
    this.end()
    this.#onEmpty()
  }

  #fail(error: unknown): void {
    if (this.#isOver) return
    this.end()
    this.#onEmpty()
    this.#source.onFailed(error)
  }
}
