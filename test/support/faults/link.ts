/**
 * A link between two processes that can fail: a TCP proxy in this process. Whoever should suffer connects to its
 * address instead of the server's. Each verb resolves when a probe through the link has met its effect.
 *
 * A partition loses nothing and refuses nothing: bytes stay where they are until it heals, as TCP would send them
 * again. `cut` is what a middle box does that forgets its connections.
 */
import { connect, createServer, type Server, type Socket } from 'node:net'
import { freePort } from '../../../runtime/demo/nats-server/free-port.js'
import { Lane } from './lane.js'

const silenceMs = 50
const probeMsMax = 10_000

export class Link {
  /** Bytes that went through. */
  readonly bytes = { toServer: 0, toClient: 0 }
  readonly #server: Server
  readonly #port: number
  readonly #target: number
  readonly #lanes = new Set<Lane>()
  readonly #sockets = new Set<Socket>()
  readonly #clients = new Set<Socket>()
  readonly #waiting = new Set<Socket>()
  #parted = false
  #delayMs = 0

  private constructor(server: Server, port: number, target: number) {
    this.#server = server
    this.#port = port
    this.#target = target
    server.on('connection', socket => this.#arrive(socket))
  }

  static async to(target: number): Promise<Link> {
    for (;;) {
      const port = await freePort()
      const server = createServer({ pauseOnConnect: true })
      const listening = await new Promise<boolean>((resolve, reject) => {
        server.once('error', (error: NodeJS.ErrnoException) =>
          error.code === 'EADDRINUSE' ? resolve(false) : reject(error),
        )
        server.listen(port, '127.0.0.1', () => resolve(true))
      })
      if (listening) return new Link(server, port, target)
    }
  }

  get port(): number {
    return this.#port
  }

  get url(): string {
    return `nats://127.0.0.1:${this.#port}`
  }

  /** Connections that are open now. */
  get connections(): number {
    return this.#clients.size
  }

  /** Nothing comes through from now on, in either direction. */
  async partition(): Promise<void> {
    this.#parted = true
    this.#flow()
    if (await this.#answers(silenceMs))
      throw new Error(`bytes came through the partitioned link ${this.#port}`)
  }

  async heal(): Promise<void> {
    this.#parted = false
    this.#flow()
    for (const client of this.#waiting) this.#join(client)
    this.#waiting.clear()
    await this.#answers(probeMsMax)
  }

  /** From now on every byte takes so much longer, each way. */
  async slow(delayMs: number): Promise<void> {
    this.#delayMs = delayMs
    this.#flow()
    const begun = performance.now()
    const answered = await this.#answers(probeMsMax + delayMs)
    const tookMs = performance.now() - begun
    if (answered && tookMs < delayMs - 1)
      throw new Error(`the link ${this.#port} took ${tookMs} ms, expected at least ${delayMs}`)
  }

  /** Ends all open connections, on both sides at once. New ones come through. */
  async cut(): Promise<void> {
    const sockets = [...this.#sockets]
    const closed = sockets.map(socket => new Promise(resolve => socket.once('close', resolve)))
    for (const socket of sockets) socket.resetAndDestroy()
    await Promise.all(closed)
  }

  async close(): Promise<void> {
    const closed = new Promise(resolve => this.#server.close(resolve))
    await this.cut()
    await closed
  }

  /** The server hears of a new connection only where there is no partition between. */
  #arrive(client: Socket): void {
    this.#clients.add(client)
    this.#keep(client, () => {
      this.#clients.delete(client)
      this.#waiting.delete(client)
    })
    if (this.#parted) this.#waiting.add(client)
    else this.#join(client)
  }

  #join(client: Socket): void {
    const server = connect({ port: this.#target, host: '127.0.0.1' })
    const lanes = [
      new Lane(client, server, bytes => {
        this.bytes.toServer += bytes
      }),
      new Lane(server, client, bytes => {
        this.bytes.toClient += bytes
      }),
    ]
    for (const lane of lanes) {
      lane.flow(!this.#parted, this.#delayMs)
      this.#lanes.add(lane)
    }
    this.#keep(server, () => {
      for (const lane of lanes) this.#lanes.delete(lane)
    })
  }

  #keep(socket: Socket, whenClosed: () => void): void {
    socket.setNoDelay(true)
    this.#sockets.add(socket)
    socket.on('error', () => {})
    socket.once('close', () => {
      this.#sockets.delete(socket)
      whenClosed()
    })
  }

  #flow(): void {
    for (const lane of this.#lanes) lane.flow(!this.#parted, this.#delayMs)
  }

  /** Whether the far side says anything to one who connects: a nats-server greets at once. A refusal is no answer. */
  #answers(withinMs: number): Promise<boolean> {
    return new Promise(resolve => {
      const probe = connect({ port: this.#port, host: '127.0.0.1' })
      const end = (answered: boolean) => {
        clearTimeout(timer)
        probe.destroy()
        resolve(answered)
      }
      const timer = setTimeout(() => end(false), withinMs)
      probe.once('data', () => end(true))
      probe.once('error', () => end(false)).once('close', () => end(false))
    })
  }
}

/** A link to the server at a URL like `nats://127.0.0.1:4222`. */
export async function between(serverUrl: string): Promise<Link> {
  return await Link.to(Number(new URL(serverUrl).port))
}
