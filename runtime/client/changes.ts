/**
 * Every state of an actor after a certain entry, none left out: from the history as far as it goes, then as
 * commits come. A reader that is slow reads from the history again; nothing piles up for it.
 */
import type { AnyActorLogic } from 'xstate'
import type { Address } from '../../actors/address.js'
import { durableSnapshot } from './durable-snapshot.js'
import type { ActorService } from './service.js'
import type { DurableSnapshot } from './types.js'

/** The states after `afterSeq`; after the one that is there at the call, when absent. */
export function changesOf<L extends AnyActorLogic>(
  address: Address,
  service: ActorService,
  options: { afterSeq?: number; signal?: AbortSignal },
): AsyncGenerator<DurableSnapshot<L>> {
  return read(address, service, options.afterSeq ?? service.see(address)?.seq ?? 0, options.signal)
}

async function* read<L extends AnyActorLogic>(
  address: Address,
  service: ActorService,
  afterSeq: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<DurableSnapshot<L>> {
  let over: Error | undefined
  const ended = () => signal?.aborted === true
  let cursor = afterSeq
  let newest = Number.POSITIVE_INFINITY
  let wake = () => {}
  const stops = [
    service.follow(address, seen => {
      newest = seen.seq
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
    while (!ended()) {
      if (over !== undefined) throw over
      if (newest > cursor) {
        newest = cursor
        for (const seen of service.states(address, cursor)) {
          cursor = seen.seq
          yield durableSnapshot<L>(seen)
          if (ended()) return
        }
        continue
      }
      await new Promise<void>(resolve => {
        wake = resolve
        if (newest > cursor || ended() || over !== undefined) resolve()
      })
    }
  } finally {
    for (const stop of stops) stop()
    signal?.removeEventListener('abort', onAbort)
  }
}
