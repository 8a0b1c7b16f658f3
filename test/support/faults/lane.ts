/**
 * One direction of one connection through a link: what comes in at one end goes out at the other, now, later, or
 * not while it is stopped; so with its end. It holds a bounded number of bytes; then it stops reading, and TCP makes the sender wait.
 */
import type { Socket } from 'node:net'

const heldBytesMax = 1_000_000

interface Held {
  readonly chunk: Uint8Array
  readonly due: number
}

export class Lane {
  readonly #from: Socket
  readonly #to: Socket
  readonly #count: (bytes: number) => void
  readonly #held: Held[] = []
  #heldBytes = 0
  #flowing = true
  #delayMs = 0
  #timer: NodeJS.Timeout | undefined
  #ending: 'end' | 'reset' | undefined
  #over = false

  constructor(from: Socket, to: Socket, count: (bytes: number) => void) {
    this.#from = from
    this.#to = to
    this.#count = count
    from.on('data', chunk => this.#take(chunk))
    from.on('end', () => this.#finish('end'))
    from.on('close', broken => this.#finish(broken ? 'reset' : 'end'))
    to.on('drain', () => this.#give())
    to.on('close', () => this.#drop())
  }

  flow(flowing: boolean, delayMs: number): void {
    this.#flowing = flowing
    this.#delayMs = delayMs
    this.#give()
  }

  #finish(how: 'end' | 'reset'): void {
    this.#ending ??= how
    this.#give()
  }

  #drop(): void {
    this.#over = true
    clearTimeout(this.#timer)
    this.#from.resume()
  }

  #take(chunk: Uint8Array): void {
    this.#held.push({ chunk, due: performance.now() + this.#delayMs })
    this.#heldBytes += chunk.byteLength
    this.#give()
  }

  #give(): void {
    clearTimeout(this.#timer)
    if (this.#over) return
    while (this.#flowing && !this.#to.writableNeedDrain) {
      const [first] = this.#held
      if (first === undefined) break
      const leftMs = first.due - performance.now()
      if (leftMs > 0) {
        this.#timer = setTimeout(() => this.#give(), leftMs)
        break
      }
      this.#held.shift()
      this.#heldBytes -= first.chunk.byteLength
      this.#count(first.chunk.byteLength)
      this.#to.write(first.chunk)
    }
    if (this.#flowing && this.#ending !== undefined && this.#held.length === 0) {
      if (this.#ending === 'end') this.#to.end()
      else this.#to.resetAndDestroy()
      return
    }
    if (this.#flowing && this.#heldBytes < heldBytesMax) this.#from.resume()
    else this.#from.pause()
  }
}
