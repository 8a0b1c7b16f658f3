/** A body, or an input in a header, read as what its content-type says. */
import { decode, takePayload, toErrorValue } from '../../actors/codec.js'
import { JSON_TYPE, MSGPACK_TYPE } from './header.js'

export type Read =
  /** Storable, as it will be read back; `bytes` in stored form. */
  { readonly value: unknown; readonly bytes: number } | { readonly expected: string; readonly found: string }

/** @param type of the content; absent: JSON. */
export function readBody(bytes: Uint8Array, type: string = JSON_TYPE): Read {
  const media = type.split(';', 1)[0]!.trim().toLowerCase()
  if (media !== JSON_TYPE && media !== MSGPACK_TYPE)
    return { expected: `content-type ${JSON_TYPE} or ${MSGPACK_TYPE}`, found: `'${type}'` }
  try {
    return takePayload(media === JSON_TYPE ? fromJson(bytes) : decode(bytes))
  } catch (error) {
    return { expected: `a body of ${media}`, found: toErrorValue(error).message }
  }
}

function fromJson(bytes: Uint8Array): unknown {
  if (bytes.length === 0) throw new Error('no bytes at all')
  return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
}
