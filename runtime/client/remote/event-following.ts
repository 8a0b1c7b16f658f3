/**
 * What one actor emits, as long as somebody listens: over one stream, opened again when the runtime went away.
 * What is emitted while no stream stands is not heard; events are told live and kept nowhere.
 */
import { toErrorValue } from '../../../actors/codec.js'
import type { ActorEvent } from '../../../actors/command.js'
import { PerdureError } from '../../../actors/errors.js'
import type { HostLogger } from '../../shard-host-options.js'
import { type Reconnecting, streamEnded } from './reconnecting.js'

export interface EventFollowingOptions {
  /** Told by `onOpen` that it stands. */
  events(opening: { readonly signal: AbortSignal; readonly onOpen: () => void }): AsyncIterable<ActorEvent>
  readonly reconnecting: Reconnecting
  listener(event: ActorEvent): void
  /** Holds back what would cause events before anybody listens. */
  hold(opening: Promise<void>): void
  onFailed(error: unknown): void
  readonly logger: HostLogger
}

export class EventFollowing {
  readonly #options: EventFollowingOptions
  readonly #ending = new AbortController()
  /** Called once the stream that is being opened stands, or is given up. */
  #opened = () => {}

  constructor(options: EventFollowingOptions) {
    this.#options = options
    this.#opening()
    this.#run().catch(error => {
      const wasEnded = this.#ending.signal.aborted
      this.end()
      if (!wasEnded) options.onFailed(error)
    })
  }

  end(): void {
    this.#ending.abort()
    this.#opened()
  }

  async #run(): Promise<void> {
    const { signal } = this.#ending
    const { events, reconnecting } = this.#options
    const absence = reconnecting.absence()
    const onOpen = () => {
      absence.answered()
      this.#opened()
    }
    for (;;) {
      let lost: unknown = streamEnded()
      try {
        for await (const event of events({ signal, onOpen })) this.#tell(event)
      } catch (error) {
        lost = error
      }
      if (signal.aborted) return
      this.#opening()
      await absence.endure(this.#meant(lost))
    }
  }

  /** Some were too many: they are gone, and those to come are heard again. */
  #meant(lost: unknown): unknown {
    if (!(lost instanceof PerdureError) || lost.code !== 'Overloaded') return lost
    this.#options.logger.warn(
      { error: toErrorValue(lost) },
      'events of an actor came faster than they were read',
    )
    return streamEnded()
  }

  #opening(): void {
    this.#opened()
    this.#options.hold(
      new Promise(resolve => {
        this.#opened = resolve
      }),
    )
  }

  #tell(event: ActorEvent): void {
    const { listener, logger } = this.#options
    const failed = (error: unknown) => logger.warn({ error: toErrorValue(error) }, 'a listener threw')
    try {
      const told: unknown = listener(event)
      if (told instanceof Promise) told.catch(failed)
    } catch (error) {
      failed(error)
    }
  }
}
