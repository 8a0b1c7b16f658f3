/**
 * Reads server-sent events off a byte stream, however it is cut. Only what our own end sends is understood:
 * `event`, `data`, `id` and comments.
 */
import { StringDecoder } from 'node:string_decoder'
import { TooLargeError } from '../../actors/errors.js'

export interface ServerEvent {
  /** `message` when the sender names none. */
  readonly event: string
  readonly data: string
}

/** @throws TooLargeError when one event has more than `charsMax` characters; whatever the stream throws. */
export async function* serverEvents(
  chunks: AsyncIterable<Uint8Array>,
  charsMax: number,
): AsyncGenerator<ServerEvent> {
  const decoder = new StringDecoder('utf8')
  let rest = ''
  for await (const chunk of chunks) {
    rest += decoder.write(chunk as Buffer)
    for (;;) {
      const end = /\r?\n\r?\n/.exec(rest)
      if (end === null) break
      const block = rest.slice(0, end.index)
      rest = rest.slice(end.index + end[0].length)
      const event = parsed(block)
      if (event !== undefined) yield event
    }
    if (rest.length > charsMax)
      throw new TooLargeError('stream', 'an event of the stream', rest.length, charsMax)
  }
}

function parsed(block: string): ServerEvent | undefined {
  let event = 'message'
  const data: string[] = []
  for (const line of block.split(/\r?\n/)) {
    const [, field, value = ''] = /^([^:]*):? ?(.*)$/.exec(line) ?? []
    if (field === 'event') event = value
    if (field === 'data') data.push(value)
  }
  return data.length === 0 ? undefined : { event, data: data.join('\n') }
}
