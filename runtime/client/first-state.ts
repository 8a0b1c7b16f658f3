/**
 * The first state that fits, judged over the past and then over what comes, in order, none skipped.
 *
 * Invariant: following begins before the past is read, so what the past does not hold is told live. What fits
 * among the latter waits for the past to be judged: an earlier state that fits comes first.
 */
import type { Address } from '../../actors/address.js'
import type { AppliedCommand } from '../../actors/inbox.js'
import type { ActorService, SeenActor } from './service.js'
import { type WaitOptions, wait } from './waiting.js'

/** What a predicate is asked of and found to hold for, in the form the caller wants it. */
export interface Sought<Found> {
  show(seen: SeenActor): Found
  fits(found: Found): boolean
}

/** The first that fits, from the state at the call on. */
export function firstFromNow<Found>(
  address: Address,
  service: ActorService,
  sought: Sought<Found>,
  waiting: WaitOptions,
): Promise<Found> {
  return firstOf(sought, waiting, (listener, isEnough) => {
    const { now, stop } = service.watch(address, listener)
    const judged = now.then(seen => {
      if (seen !== undefined) isEnough(seen)
    })
    return { stop, judged }
  })
}

/** The first that fits after what a command led to. */
export function firstSince<Found>(
  address: Address,
  service: ActorService,
  sought: Sought<Found>,
  waiting: WaitOptions,
  { seq }: Pick<AppliedCommand, 'seq'>,
): Promise<Found> {
  return firstOf(sought, waiting, (listener, isEnough) => {
    const stop = service.follow(address, listener)
    const judge = async () => {
      for await (const seen of service.states(address, seq)) if (isEnough(seen)) return
    }
    return { stop, judged: judge() }
  })
}

/** Follows an actor, and has the states of the past judged, oldest first, until one is said to be enough. */
type Begin = (
  listener: (seen: SeenActor) => void,
  isEnough: (seen: SeenActor) => boolean,
) => { stop(): void; readonly judged: Promise<void> }

function firstOf<Found>({ show, fits }: Sought<Found>, waiting: WaitOptions, begin: Begin): Promise<Found> {
  return wait<Found>(waiting, (resolve, reject) => {
    /** The first that fits of those told live. */
    let held: { readonly seq: number; readonly found: Found } | undefined
    let isPastJudged = false
    let isOver = false
    const listener = (seen: SeenActor) => {
      if (held !== undefined) return
      try {
        const found = show(seen)
        if (!fits(found)) return
        held = { seq: seen.seq, found }
        if (isPastJudged) resolve(found)
      } catch (error) {
        reject(error)
      }
    }
    const isEnough = (seen: SeenActor): boolean => {
      if (isOver || (held !== undefined && seen.seq >= held.seq)) return true
      const found = show(seen)
      if (!fits(found)) return false
      resolve(found)
      return true
    }
    const { stop, judged } = begin(listener, isEnough)
    judged.then(() => {
      isPastJudged = true
      if (held !== undefined) resolve(held.found)
    }, reject)
    return () => {
      isOver = true
      stop()
    }
  })
}
