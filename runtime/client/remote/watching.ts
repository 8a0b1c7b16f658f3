/**
 * One actor's states as they come, from a runtime that may go away and come back meanwhile.
 */
import type { Address } from '../../../actors/address.js'
import type { Absence } from './reconnecting.js'
import { streamEnded } from './reconnecting.js'
import type { RemoteApi, StatesListener } from './remote-service.js'

/** Tells the states after one; of none that is known, first the present one. The answer ends it. @throws what cannot be asked now */
type WatchFrom = (after: number | undefined, listener: StatesListener) => () => void

interface LastingListener extends Pick<StatesListener, 'next'> {
  failed(error: unknown): void
}

/** Takes it up again after the last state heard, for as long as the absence may last. */
export function lastingly(from: WatchFrom, absence: Absence, listener: LastingListener): () => void {
  let cursor: number | undefined
  let stop = () => {}
  let isOver = false
  const lost = (error: unknown) => {
    if (isOver) return
    absence.endure(error).then(
      () => {
        if (!isOver) begin()
      },
      reason => {
        if (!isOver) listener.failed(reason)
      },
    )
  }
  const begin = () => {
    try {
      stop = from(cursor, {
        answered: () => absence.answered(),
        next: view => {
          cursor = view?.seq ?? 0
          if (!isOver) listener.next(view)
        },
        lost,
      })
    } catch (error) {
      lost(error)
    }
  }
  begin()
  return () => {
    isOver = true
    stop()
  }
}

/** The same of an `Api` that is asked for a state, and for those after it. */
export function watchByChanges(
  {
    api,
    address,
    after,
  }: { readonly api: RemoteApi; readonly address: Address; readonly after: number | undefined },
  { answered, next, lost }: StatesListener,
): () => void {
  const ending = new AbortController()
  const { signal } = ending
  const run = async () => {
    let from = after
    if (from === undefined) {
      const view = await api.get({ address })
      if (signal.aborted) return
      from = view?.seq ?? 0
      answered()
      next(view)
    }
    for await (const view of api.changes({ address, after: from, signal, onOpen: answered })) {
      if (signal.aborted) return
      next(view)
    }
    throw streamEnded()
  }
  run().catch((error: unknown) => {
    if (!signal.aborted) lost(error)
  })
  return () => ending.abort()
}
