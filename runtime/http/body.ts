/** A request's body: bounded, then read as what its `Content-Type` says. */
import type { IncomingMessage } from 'node:http'
import { decode, toErrorValue } from '../../actors/codec.js'
import type { Limits } from '../../actors/limits.js'
import { badRequest, HttpRefusal } from './refusal.js'
import { MSGPACK } from './routes.js'

/** How much more than allowed is read and dropped, so that the sender gets to hear that it was too much. */
const PATIENCE = 8

/**
 * Undefined when there is none.
 * @throws HttpRefusal 400, 413, 415
 */
export async function bodyOf(request: IncomingMessage, limits: Limits): Promise<unknown> {
  // A framework that has read the body leaves it there.
  const { body } = request as { body?: unknown }
  if (body !== undefined && request.readableEnded && !(body instanceof Uint8Array)) return body
  const bytes = body instanceof Uint8Array ? body : await bytesOf(request, limits.requestBytesMax)
  if (bytes.length === 0) return undefined
  const type = mediaType(request.headers['content-type'])
  try {
    if (type === MSGPACK) return decode(bytes)
    if (isJson(type)) return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (error) {
    throw badRequest('body', `what '${type}' says it is`, toErrorValue(error).message)
  }
  const expected = ['application/json', MSGPACK]
  throw new HttpRefusal(
    415,
    `expected a body of content-type ${expected.join(' or ')}, found ${type === '' ? 'none' : `'${type}'`}`,
    { expected, found: type },
  )
}

async function bytesOf(request: IncomingMessage, bytesMax: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Uint8Array>) {
    bytes += chunk.length
    if (bytes > bytesMax * PATIENCE) break
    if (bytes <= bytesMax) chunks.push(chunk)
  }
  if (bytes > bytesMax)
    throw new HttpRefusal(
      413,
      `the body has ${bytes > bytesMax * PATIENCE ? `more than ${bytes - 1}` : bytes} bytes, at most ${bytesMax} are allowed`,
      { bytesMax },
      { connection: 'close' },
    )
  return Buffer.concat(chunks)
}

function mediaType(header: string | undefined): string {
  return (header ?? '').split(';', 1)[0]!.trim().toLowerCase()
}

function isJson(type: string): boolean {
  return type === 'application/json' || type.endsWith('+json')
}
