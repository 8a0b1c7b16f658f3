/**
 * A desk that work is handed to: each piece is appended to a file, one JSON object a line, and is handed
 * over once it is written. Stands for the mail server and the carrier. Pieces carry a key, and a piece handed
 * in twice (its receipt was lost in a crash) is in the file twice under one key: the desk drops the second.
 */
import { createHash } from 'node:crypto'
import { type FileHandle, open } from 'node:fs/promises'

export class Desk {
  readonly #file: FileHandle
  #waiting: string[] = []
  #writing: Promise<void> | undefined

  private constructor(file: FileHandle) {
    this.#file = file
  }

  static async open(path: string): Promise<Desk> {
    return new Desk(await open(path, 'a'))
  }

  /** Resolves with the piece's number, which follows from its key. */
  async hand(piece: { readonly key: string; readonly [field: string]: unknown }): Promise<string> {
    this.#waiting.push(`${JSON.stringify(piece)}\n`)
    // Pieces that come in while others are being written go in the next write together.
    while (this.#writing !== undefined) await this.#writing
    if (this.#waiting.length > 0) {
      this.#writing = this.#write()
      await this.#writing
    }
    return createHash('sha256').update(piece.key).digest('hex').slice(0, 16)
  }

  async close(): Promise<void> {
    await this.#writing
    await this.#file.close()
  }

  async #write(): Promise<void> {
    const pieces = this.#waiting.splice(0)
    try {
      await this.#file.appendFile(pieces.join(''))
    } finally {
      this.#writing = undefined
    }
  }
}
