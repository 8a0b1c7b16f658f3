/**
 * Something about an actor, and its state as its logic wrote it: encoded apart, for bytes among other values would make
 * all of it slow to write and to read.
 */
import { decode, encode } from '../../actors/codec.js'

export interface StateFrame {
  readonly head: unknown
  /** A view of what was read. */
  readonly state: Uint8Array
}

const LENGTH_BYTES = 4
const NO_STATE = new Uint8Array(0)

/** @throws UnserialisableError when the head cannot be restored. */
export function packFrame(head: unknown, state: Uint8Array = NO_STATE): Uint8Array {
  const packed = encode(head)
  const bytes = Buffer.allocUnsafe(LENGTH_BYTES + packed.length + state.length)
  bytes.writeUInt32LE(packed.length)
  bytes.set(packed, LENGTH_BYTES)
  bytes.set(state, LENGTH_BYTES + packed.length)
  return bytes
}

/** @throws Error when it is none. */
export function readFrame(bytes: Uint8Array): StateFrame {
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  const end = LENGTH_BYTES + (all.length < LENGTH_BYTES ? 0 : all.readUInt32LE())
  if (end > all.length) throw new Error(`${all.length} bytes that are no answer of a member`)
  const state = new Uint8Array(bytes.buffer, bytes.byteOffset + end, bytes.length - end)
  return { head: decode(all.subarray(LENGTH_BYTES, end)), state }
}
