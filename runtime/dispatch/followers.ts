/**
 * Those in this process who follow actors: told of each applied entry and each published event, after the
 * commit, in order. Best effort by nature; who must not miss anything reads the history.
 */
import type { Address } from '../../actors/address.js'
import type { ActorEvent } from '../../actors/command.js'
import type { JournalEntry, PublishedEvent } from '../../actors/commit.js'
import type { PerdureError } from '../../actors/errors.js'
import { Roster } from '../../actors/roster.js'
import type { Life } from '../step/life.js'

export interface FollowedStep {
  readonly entry: JournalEntry
  readonly life: Life
}

type Listener<Item> = (item: Item) => void

/** Replaced, never changed: who is added or goes while they are told makes no difference to that telling. */
type Listeners<Item> = readonly Listener<Item>[]

export class Followers {
  readonly #steps = new Map<Address, Listeners<FollowedStep>>()
  readonly #published = new Map<Address, Listeners<PublishedEvent>>()
  readonly #live = new Map<Address, Listeners<ActorEvent>>()
  readonly #all = new Set<Listener<FollowedStep>>()
  /** Every wait is in it. */
  #ends = new Roster<Listener<PerdureError>>()
  readonly #onError: (error: unknown) => void

  /** @param onError told when a listener throws, or rejects; the others still hear. */
  constructor(onError: (error: unknown) => void) {
    this.#onError = onError
  }

  onStep(address: Address, listener: Listener<FollowedStep>): () => void {
    return add(this.#steps, address, listener)
  }

  /** Told of each step of every actor, before those who follow one. */
  onEveryStep(listener: Listener<FollowedStep>): () => void {
    this.#all.add(listener)
    return () => {
      this.#all.delete(listener)
    }
  }

  onPublished(address: Address, listener: Listener<PublishedEvent>): () => void {
    return add(this.#published, address, listener)
  }

  /** What a running activity says on the side; never stored. */
  onLive(address: Address, listener: Listener<ActorEvent>): () => void {
    return add(this.#live, address, listener)
  }

  /** Told once, when there will be nothing more to follow. */
  onEnd(listener: Listener<PerdureError>): () => void {
    return this.#ends.add(listener)
  }

  /** The runtime has ended, and why. */
  end(error: PerdureError): void {
    const listeners = this.#ends.all()
    this.#ends = new Roster()
    this.#tell(listeners, error)
  }

  /** @param lives what each entry led to. */
  tellSteps(entries: readonly JournalEntry[], lives: readonly Life[]): void {
    if (this.#all.size > 0)
      for (let at = 0; at < entries.length; at++)
        this.#tell([...this.#all], { entry: entries[at]!, life: lives[at]! })
    if (this.#steps.size === 0) return
    for (let at = 0; at < entries.length; at++) {
      const entry = entries[at]!
      const listeners = this.#steps.get(entry.address)
      if (listeners !== undefined) this.#tell(listeners, { entry, life: lives[at]! })
    }
  }

  tellPublished(events: readonly PublishedEvent[]): void {
    if (this.#published.size === 0) return
    for (const event of events) this.#tell(this.#published.get(event.address), event)
  }

  tellLive(address: Address, event: ActorEvent): void {
    this.#tell(this.#live.get(address), event)
  }

  #tell<Item>(listeners: Listeners<Item> | undefined, item: Item): void {
    if (listeners === undefined) return
    for (const listener of listeners) {
      try {
        const told: unknown = listener(item)
        if (told instanceof Promise) told.catch(this.#onError)
      } catch (error) {
        this.#onError(error)
      }
    }
  }
}

function add<Item>(
  map: Map<Address, Listeners<Item>>,
  address: Address,
  listener: Listener<Item>,
): () => void {
  const before = map.get(address)
  map.set(address, before === undefined ? [listener] : [...before, listener])
  let isOver = false
  return () => {
    const now = map.get(address)
    if (isOver || now === undefined) return
    isOver = true
    if (now.length === 1) {
      map.delete(address)
      // Nobody else is in it; what the map leaves behind when it grows must not keep the listener alive.
      const emptied = now as Listener<Item>[]
      emptied.length = 0
    } else map.set(address, now.toSpliced(now.indexOf(listener), 1))
  }
}
