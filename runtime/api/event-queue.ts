/**
 * Events on their way from one who is told to one who asks. Bounded: they are kept nowhere else, so a reader
 * that falls too far behind is told that some are gone, rather than not told.
 */
import type { ActorEvent } from '../../actors/command.js'
import { OverloadedError } from '../../actors/errors.js'
import { Queue } from '../inbox/queue.js'

/** How to be told of events, and of the end of it all; the answers end the telling. */
export interface EventSource {
  readonly address: string
  follow(listener: (event: ActorEvent) => void): () => void
  onEnd(listener: (error: Error) => void): () => void
}

/** What the source tells from now on, until the signal. */
export function queuedEvents(
  source: EventSource,
  waitingMax: number,
  signal: AbortSignal | undefined,
): AsyncIterable<ActorEvent> {
  const waiting = new Queue<ActorEvent>()
  let failure: Error | undefined
  let wake = () => {}
  const stop = () => {
    for (const end of ends) end()
    wake()
  }
  const fail = (error: Error) => {
    failure ??= error
    stop()
  }
  const ends = [
    source.follow(event => {
      if (waiting.size >= waitingMax)
        return fail(new OverloadedError('the queue of events for a reader', waitingMax, source.address))
      waiting.push(event)
      wake()
    }),
    source.onEnd(fail),
    () => signal?.removeEventListener('abort', stop),
  ]
  signal?.addEventListener('abort', stop, { once: true })
  if (signal?.aborted === true) stop()
  return read()

  async function* read(): AsyncGenerator<ActorEvent> {
    try {
      for (;;) {
        if (signal?.aborted === true) return
        const next = waiting.shift()
        if (next !== undefined) yield next
        else if (failure !== undefined) throw failure
        else
          await new Promise<void>(resolve => {
            wake = resolve
          })
      }
    } finally {
      stop()
    }
  }
}
