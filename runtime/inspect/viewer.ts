/**
 * One who looks: a WebSocket, and a bound on what may wait for it. A viewer that is too slow misses messages;
 * once what waited is taken, it is shown the present, and how much it missed. Nobody waits for a viewer.
 */
import { WebSocket } from 'ws'

export class Viewer {
  readonly #socket: WebSocket
  readonly #bytesMax: number
  readonly #catchUp: (missed: number) => void
  #missed = 0

  /** @param catchUp shows the present to a viewer that missed some. */
  constructor(socket: WebSocket, bytesMax: number, catchUp: (missed: number) => void) {
    this.#socket = socket
    this.#bytesMax = bytesMax
    this.#catchUp = catchUp
  }

  /** What happens now. */
  tell(text: string): void {
    if (this.#missed > 0 || !this.#push(text)) this.#missed++
  }

  /** What it is shown of how things are. What finds no room is left out, lest catching up never ends. */
  show(text: string): void {
    this.#push(text)
  }

  #push(text: string): boolean {
    const socket = this.#socket
    if (socket.readyState !== WebSocket.OPEN || socket.bufferedAmount >= this.#bytesMax) return false
    socket.send(text, () => this.#taken())
    return true
  }

  #taken(): void {
    if (this.#missed === 0 || this.#socket.bufferedAmount > 0) return
    const missed = this.#missed
    this.#missed = 0
    this.#catchUp(missed)
  }
}
