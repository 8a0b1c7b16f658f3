/**
 * Which shard an actor lives in: the number that the servers' own subject transform, `partition(<shards>,1,2)`, finds
 * for it, so that any client in any language publishes and lands where it is looked for. A child lives with its root.
 *
 * The servers hash the bytes of type and key as they stand in the subject, one after the other with nothing between,
 * with FNV-1a (32 bits), and take the remainder.
 */
import { type Address, rootOf } from '../actors/address.js'

const OFFSET_BASIS = 0x811c9dc5
const PRIME = 0x01000193
const SLASH = 0x2f

export function shardOf(address: Address, shards: number): number {
  const root = rootOf(address)
  let hash = OFFSET_BASIS
  for (let index = 0; index < root.length; index++) {
    // Tokens are ASCII: a character is a byte.
    const byte = root.charCodeAt(index)
    if (byte !== SLASH) hash = Math.imul(hash ^ byte, PRIME)
  }
  return (hash >>> 0) % shards
}
