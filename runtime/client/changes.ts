/**
 * Every state of an actor after a certain entry, none left out: from the history as far as it goes, then as
 * commits come. A reader that is slow reads from the history again; nothing piles up for it.
 */
import type { Address } from '../../actors/address.js'
import type { ActorService, SeenActor } from './service.js'

export interface ChangesOptions {
  /** The state that is there at the call, when absent. */
  readonly afterSeq?: number
  readonly signal?: AbortSignal
}

/** The states after `afterSeq`, until the signal. @throws PerdureError once the runtime has ended */
export function changesOf(
  address: Address,
  service: ActorService,
  { afterSeq, signal }: ChangesOptions,
): AsyncGenerator<SeenActor> {
  // From now on means from the call, whenever the first is asked for.
  const after = afterSeq ?? service.see(address).then(seen => seen?.seq ?? 0)
  // Whoever never asks for the first is told of no failure.
  if (typeof after !== 'number') after.catch(() => {})
  return read(address, service, after, signal)
}

async function* read(
  address: Address,
  service: ActorService,
  after: number | Promise<number>,
  signal: AbortSignal | undefined,
): AsyncGenerator<SeenActor> {
  let over: Error | undefined
  const ended = () => signal?.aborted === true
  let cursor = Number.POSITIVE_INFINITY
  /** Whether the history may hold what was not read yet. */
  let isBehind = true
  /** The very next state, when it came while the reader was busy with the one before. */
  let next: SeenActor | undefined
  let wake = () => {}
  const stops = [
    service.follow(address, seen => {
      if (next === undefined && seen.seq === cursor + 1) next = seen
      else isBehind = true
      wake()
    }),
    service.onEnd(error => {
      over = error
      wake()
    }),
  ]
  const onAbort = () => wake()
  signal?.addEventListener('abort', onAbort, { once: true })
  try {
    cursor = await after
    while (!ended()) {
      if (over !== undefined) throw over
      const direct: SeenActor | undefined = next
      next = undefined
      if (direct?.seq === cursor + 1) {
        cursor = direct.seq
        yield direct
      } else if (isBehind) {
        isBehind = false
        for await (const seen of service.states(address, cursor)) {
          cursor = seen.seq
          yield seen
          if (ended()) return
        }
      } else
        await new Promise<void>(resolve => {
          wake = resolve
          if (next !== undefined || isBehind || ended() || over !== undefined) resolve()
        })
    }
  } finally {
    for (const stop of stops) stop()
    signal?.removeEventListener('abort', onAbort)
  }
}
