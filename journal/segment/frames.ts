/** Several byte strings as one, so that any of them can be had without touching the others. */

const COUNT_BYTES = 4
const END_BYTES = 4

/** Count, where each part ends, then the parts. */
export function joinFrames(parts: readonly Uint8Array[]): Buffer {
  const headBytes = COUNT_BYTES + parts.length * END_BYTES
  let end = headBytes
  for (const part of parts) end += part.length
  const joined = Buffer.allocUnsafe(end)
  joined.writeUInt32LE(parts.length, 0)
  end = headBytes
  parts.forEach((part, index) => {
    joined.set(part, end)
    end += part.length
    joined.writeUInt32LE(end, COUNT_BYTES + index * END_BYTES)
  })
  return joined
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
