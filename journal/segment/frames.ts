/** Several byte strings as one, so that any of them can be had without touching the others. */
import { plainWriter } from '../../actors/codec.js'

const COUNT_BYTES = 4
const END_BYTES = 4

/** Writes parts one after another: count, where each part ends, then the parts. */
export class FrameWriter {
  readonly to = plainWriter()
  #ends = 0

  /** @param count how many parts there will be. */
  begin(count: number): void {
    this.to.truncate(0)
    this.to.setUint32(this.to.reserve(COUNT_BYTES), count)
    this.#ends = this.to.reserve(count * END_BYTES)
  }

  /** The part at hand is whole. */
  endPart(): void {
    this.to.setUint32(this.#ends, this.to.length)
    this.#ends += END_BYTES
  }

  /** All parts, once the last is whole. */
  finish(): Buffer {
    return this.to.since(0)
  }
}

export function frameCount(joined: Buffer): number {
  return joined.readUInt32LE(0)
}

/** The part at an index, from 0; a view, not a copy. */
export function frameAt(joined: Buffer, index: number): Buffer {
  const count = frameCount(joined)
  if (index < 0 || index >= count) throw new RangeError(`part ${index} of ${count}`)
  const start =
    index === 0 ? COUNT_BYTES + count * END_BYTES : joined.readUInt32LE(COUNT_BYTES + (index - 1) * END_BYTES)
  return joined.subarray(start, joined.readUInt32LE(COUNT_BYTES + index * END_BYTES))
}
