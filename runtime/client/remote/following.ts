/**
 * One actor followed for all in this process who want to hear of it, over one stream, for as long as anyone
 * does. The stream is opened again when the runtime went away, after the last state heard.
 *
 * Invariants: each listener hears every state after the one that was there when it began, in order, once;
 * states wait until it is known which that was.
 */
import { toErrorValue } from '../../../actors/codec.js'
import type { HostLogger } from '../../shard-host-options.js'
import type { SeenActor } from '../service.js'

export interface FollowingSource {
  /** The number of the actor's last entry, 0 before its birth. */
  base(): Promise<number>
  /** Each state after one, over restarts, until the signal. */
  states(after: number, signal: AbortSignal): AsyncIterable<SeenActor>
  /** Told when it had to be given up, and why. */
  onFailed(error: unknown): void
  readonly logger: HostLogger
}

interface Listener {
  readonly tell: (seen: SeenActor) => void
  readonly base: Promise<number>
}

export class Following {
  readonly #source: FollowingSource
  readonly #onEmpty: () => void
  readonly #listeners = new Set<Listener>()
  readonly #ending = new AbortController()

  /** @param onEmpty told when nobody listens any more. */
  constructor(source: FollowingSource, onEmpty: () => void) {
    this.#source = source
    this.#onEmpty = onEmpty
  }

  /** The promise resolves when the listener is sure to hear of all that comes. */
  add(tell: (seen: SeenActor) => void): { readonly stop: () => void; readonly standing: Promise<unknown> } {
    const listener = { tell, base: this.#source.base() }
    const isFirst = this.#listeners.size === 0
    this.#listeners.add(listener)
    if (isFirst) this.#run(listener).catch(error => this.#fail(error))
    else listener.base.catch(error => this.#fail(error))
    return { stop: () => this.#remove(listener), standing: listener.base }
  }

  end(): void {
    this.#ending.abort()
  }

  async #run(first: Listener): Promise<void> {
    const { signal } = this.#ending
    for await (const seen of this.#source.states(await first.base, signal)) {
      // In the order in which they came; a listener that came since knows soon where it begins.
      for (const listener of [...this.#listeners]) {
        if (seen.seq > (await listener.base) && this.#listeners.has(listener)) this.#tell(listener, seen)
      }
      if (signal.aborted) return
    }
  }

  #tell({ tell }: Listener, seen: SeenActor): void {
    const { logger } = this.#source
    const failed = (error: unknown) => logger.warn({ error: toErrorValue(error) }, 'a listener threw')
    try {
      const told: unknown = tell(seen)
      if (told instanceof Promise) told.catch(failed)
    } catch (error) {
      failed(error)
    }
  }

  #remove(listener: Listener): void {
    if (!this.#listeners.delete(listener) || this.#listeners.size > 0) return
    this.#ending.abort()
    this.#onEmpty()
  }

  #fail(error: unknown): void {
    if (this.#ending.signal.aborted) return
    this.#ending.abort()
    this.#onEmpty()
    this.#source.onFailed(error)
  }
}
