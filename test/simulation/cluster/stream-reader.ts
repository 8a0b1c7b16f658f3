/** Reads on in a stream, message after message, each a while after the one before, for as long as its process lives. */
import type { Random } from '../random.js'
import type { Owner, Scheduler } from '../scheduler.js'
import type { SharedStreams, Stored } from './shared-streams.js'

export interface ReaderSite<Message> {
  readonly scheduler: Scheduler
  readonly random: Random
  readonly process: Owner
  readonly streams: SharedStreams
  next(after: number): Message | undefined
  take(message: Message): Promise<void> | void
  /** Whether there is room for more. Absent: always. */
  mayRead?(): boolean
  /** Told once, when `take` threw. */
  failed?(error: unknown): void
}

export class StreamReader<Message extends Stored> {
  readonly #site: ReaderSite<Message>
  #after: number
  #state: 'reading' | 'stopped' = 'reading'
  #taking: Promise<void> | undefined
  #isDue = false
  #stopListening: () => void
  #waiting: { readonly to: number; readonly resolve: () => void }[] = []

  constructor(site: ReaderSite<Message>, after: number) {
    this.#site = site
    this.#after = after
    this.#stopListening = site.streams.onGrowth(() => this.goOn())
    this.goOn()
  }

  /** There may be more to read, or room for it. */
  goOn(): void {
    const { scheduler, random, process, mayRead, next } = this.#site
    if (this.#state !== 'reading' || this.#isDue || !process.alive || mayRead?.() === false) return
    const message = next(this.#after)
    if (message === undefined) return
    this.#isDue = true
    const travelMs = random.chance(0.6) ? 0 : random.between(0, 30)
    scheduler.schedule(travelMs, () => void this.#take(message), process)
  }

  async #take(message: Message): Promise<void> {
    if (this.#state !== 'reading') return
    try {
      this.#taking = Promise.resolve(this.#site.take(message))
      await this.#taking
    } catch (error) {
      this.#end()
      this.#site.failed?.(error)
      return
    }
    this.#after = message.sequence
    this.#isDue = false
    this.#waiting = this.#waiting.filter(({ to, resolve }) => {
      if (to > this.#after) return true
      resolve()
      return false
    })
    this.goOn()
  }

  /** Resolves when it has read as far as that. */
  reached(to: number): Promise<void> {
    if (this.#after >= to) return Promise.resolve()
    return new Promise(resolve => {
      this.#waiting.push({ to, resolve })
    })
  }

  /** Nothing is taken any more when it resolves. */
  async stop(): Promise<void> {
    this.#end()
    await this.#taking?.catch(() => {})
  }

  #end(): void {
    this.#state = 'stopped'
    this.#stopListening()
  }
}
