/**
 * Server-sent events, written at the reader's pace: the next is asked for when there is room for it, so nothing
 * piles up. Ends when the reader goes, when it takes nothing for too long, and when the runtime ends.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Clock } from '../../actors/clock.js'
import { encode } from '../../actors/codec.js'
import type { PerdureError } from '../../actors/errors.js'
import type { Limits } from '../../actors/limits.js'
import { asTold, errorBody, untold } from '../../actors/told-error.js'
import { jsonText, SANE_HEADERS } from './replies.js'

export interface StreamSite {
  readonly clock: Clock
  readonly limits: Limits
  onEnd(listener: (error: PerdureError) => void): () => void
  unexpected(error: unknown): void
}

export interface Streamed<Item> {
  /** The event's name, for whoever listens to it. */
  readonly event: string
  /** What to go on after; absent where there is no going on. */
  id?(item: Item): number
  readonly isPacked: boolean
}

/** How long a browser waits before it comes again. */
const RETRY_MS = 1_000

export async function stream<Item extends object>(
  request: IncomingMessage,
  response: ServerResponse,
  items: AsyncIterable<Item>,
  { event, id, isPacked }: Streamed<Item>,
  site: StreamSite,
): Promise<void> {
  response.writeHead(200, {
    ...SANE_HEADERS,
    'content-type': 'text/event-stream; charset=utf-8',
    // Proxies that gather an answer before they pass it on would gather for ever.
    'x-accel-buffering': 'no',
  })
  if (request.method === 'HEAD') {
    response.end()
    return
  }
  const writer = new Writer(response, site)
  try {
    await writer.write(`retry: ${RETRY_MS}\n\n`)
    for await (const item of items) {
      const named = id === undefined ? '' : `id: ${id(item)}\n`
      if (!(await writer.write(`event: ${event}\n${named}data: ${written(item, isPacked)}\n\n`))) return
    }
  } catch (thrown) {
    const error = asTold(thrown)
    if (error === undefined) site.unexpected(thrown)
    const said = error ?? untold('the stream', true)
    await writer.write(`event: failed\ndata: ${written(errorBody(said), isPacked)}\n\n`)
  } finally {
    writer.end()
  }
}

function written(item: object, isPacked: boolean): string {
  return isPacked ? Buffer.from(encode(item)).toString('base64') : jsonText(item)
}

/** Writes, waits for room, and says now and then that it lives. */
class Writer {
  readonly #response: ServerResponse
  readonly #site: StreamSite
  readonly #stops: (() => void)[]
  #cancelBeat = () => {}
  #isStalled = false

  constructor(response: ServerResponse, site: StreamSite) {
    this.#response = response
    this.#site = site
    // Nobody would ever take the rest of what a stalled reader was sent.
    this.#stops = [site.onEnd(() => this.#isStalled && response.destroy())]
    this.#beatLater()
  }

  /** Answers false when there is nobody to read it any more. */
  async write(text: string): Promise<boolean> {
    const response = this.#response
    if (response.destroyed) return false
    if (response.write(text)) return true
    const { clock, limits } = this.#site
    const giveUp = clock.after(limits.streamStallMsMax, () => response.destroy())
    this.#isStalled = true
    await new Promise<void>(resolve => {
      const goOn = () => {
        response.off('drain', goOn).off('close', goOn)
        resolve()
      }
      response.on('drain', goOn).on('close', goOn)
    })
    this.#isStalled = false
    giveUp()
    return !response.destroyed
  }

  end(): void {
    this.#cancelBeat()
    for (const stop of this.#stops) stop()
    if (!this.#response.destroyed) this.#response.end()
  }

  #beatLater(): void {
    const { clock, limits } = this.#site
    this.#cancelBeat = clock.after(limits.streamHeartbeatMs, () => {
      if (this.#response.destroyed) return
      if (!this.#isStalled) this.#response.write(':\n\n')
      this.#beatLater()
    })
  }
}
