/**
 * Several small answers to one client as one message: each by the token of its question, in order. What a message
 * costs a server and both its ends is paid once for all of them.
 */

export interface BundledAnswer {
  readonly token: string
  readonly body: Uint8Array
}

/** Of an answer's token, and of its body. */
const LENGTH_BYTES = 1 + 4

export function bundledBytes({ token, body }: BundledAnswer): number {
  return LENGTH_BYTES + token.length + body.length
}

/** Tokens are ASCII, and no longer than a byte can say. */
export function packBundle(answers: readonly BundledAnswer[]): Uint8Array {
  const bytes = Buffer.allocUnsafe(answers.reduce((sum, answer) => sum + bundledBytes(answer), 0))
  let at = 0
  for (const { token, body } of answers) {
    bytes[at++] = token.length
    at += bytes.write(token, at, 'latin1')
    at = bytes.writeUInt32LE(body.length, at)
    bytes.set(body, at)
    at += body.length
  }
  return bytes
}

/** Bodies are views of what is given. What is cut off is left out. */
export function unpackBundle(given: Uint8Array, take: (token: string, body: Uint8Array) => void): void {
  const bytes = Buffer.from(given.buffer, given.byteOffset, given.length)
  for (let at = 0; at < bytes.length; ) {
    const body = at + LENGTH_BYTES + bytes[at]!
    if (body > bytes.length) return
    const end = body + bytes.readUInt32LE(body - 4)
    if (end > bytes.length) return
    take(bytes.toString('latin1', at + 1, body - 4), bytes.subarray(body, end))
    at = end
  }
}
