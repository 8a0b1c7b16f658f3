/**
 * Orders in a running, inspected runtime, whose outside world answers at once but for what is held back; and
 * viewers that note what they hear.
 */
import { EventEmitter, once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ClientOptions, WebSocket } from 'ws'
import type { Limits } from '../../../actors/limits.js'
import type { OrderServices } from '../../../machines/lifecycles/order-activities.js'
import { orderV1, riskProfileActor } from '../../../machines/lifecycles/order-actors.js'
import type { InspectOptions, Runtime } from '../../../runtime/index.js'
import type { Message } from '../../../runtime/inspect/protocol.js'
import { createRuntime } from '../../support/runtime-here.js'

export class InspectedOrders implements AsyncDisposable {
  readonly runtime: Runtime
  readonly order: ReturnType<typeof orderV1>
  readonly #log: EventEmitter
  readonly warnings: string[] = []
  readonly #path: string
  readonly #held: Map<string, (() => void)[]>

  private constructor(
    runtime: Runtime,
    order: ReturnType<typeof orderV1>,
    rest: { path: string; held: Map<string, (() => void)[]>; log: EventEmitter },
  ) {
    this.runtime = runtime
    this.order = order
    this.#log = rest.log
    this.#log.on('warning', message => this.warnings.push(message))
    this.#path = rest.path
    this.#held = rest.held
  }

  /** @param hold deeds that do not end before they are let go. */
  static async start(
    inspect: InspectOptions,
    { hold = [], limits = {} }: { hold?: readonly (keyof OrderServices)[]; limits?: Partial<Limits> } = {},
  ): Promise<InspectedOrders> {
    const path = mkdtempSync(join(tmpdir(), 'perdure-inspect-'))
    const held = new Map<string, (() => void)[]>()
    const log = new EventEmitter()
    const deed = async <Answer>(name: keyof OrderServices, answer: Answer): Promise<Answer> => {
      if (hold.includes(name))
        await new Promise<void>(resolve => held.set(name, [...(held.get(name) ?? []), resolve]))
      return answer
    }
    const order = orderV1({
      charge: () => deed('charge', { receiptId: 'r-1' }),
      refund: () => deed('refund', { refunded: true }),
      notify: () => deed('notify', { messageId: 'm-1' }),
      askReviewer: () => deed('askReviewer', { messageId: 'm-2' }),
      book: () => deed('book', { bookingId: 'b-1' }),
      cancelBooking: () => deed('cancelBooking', { cancelled: true }),
    })
    const logger = { warn: (_: object, message: string) => log.emit('warning', message), error: () => {} }
    try {
      const runtime = await createRuntime({
        actors: [order, riskProfileActor],
        path,
        inspect: { port: 0, ...inspect },
        limits,
        logger,
      })
      return new InspectedOrders(runtime, order, { path, held, log })
    } catch (error) {
      rmSync(path, { recursive: true, force: true })
      throw error
    }
  }

  /** Lets those deeds end that are under way. */
  release(name: keyof OrderServices): void {
    const going = this.#held.get(name) ?? []
    if (going.length === 0) throw new Error(`'${name}' is not under way`)
    for (const go of going) go()
  }

  /** Resolves with the next warning. */
  async warned(): Promise<string> {
    const [message] = await once(this.#log, 'warning')
    return message
  }

  get webSocket(): string {
    return this.runtime.inspectUrl!.replace(/^http/, 'ws')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const go of [...this.#held.values()].flat()) go()
    await this.runtime.stop()
    rmSync(this.#path, { recursive: true, force: true })
  }
}

/** A plain WebSocket that keeps what it hears. */
export class Listener implements Disposable {
  readonly heard: Message[] = []
  /** Resolves with the code that the other side closed it with. */
  readonly closed: Promise<number>
  readonly #socket: WebSocket
  #check = () => {}

  private constructor(socket: WebSocket) {
    this.#socket = socket
    this.closed = new Promise(resolve => socket.once('close', resolve))
    socket.on('message', data => {
      this.heard.push(JSON.parse(String(data)))
      this.#check()
    })
  }

  static async open(url: string, options: ClientOptions = {}): Promise<Listener> {
    const socket = new WebSocket(url, options)
    const listener = new Listener(socket)
    await new Promise((resolve, reject) => {
      socket.once('open', resolve)
      socket.once('error', reject)
    })
    return listener
  }

  /** Resolves with the first message, heard already or to come, that fits. */
  async until(fits: (message: Message) => boolean, what: string): Promise<Message> {
    let found = this.heard.find(fits)
    if (found !== undefined) return found
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`never heard ${what}; heard ${this.heard.map(tellOf).join(', ')}`)),
        10_000,
      )
      this.#check = () => {
        found = this.heard.find(fits)
        if (found === undefined) return
        clearTimeout(timer)
        resolve()
      }
    })
    return found!
  }

  send(message: object): void {
    this.#socket.send(JSON.stringify(message))
  }

  /** Leaves, and waits until the other side knows. */
  async close(): Promise<void> {
    this.#socket.close()
    await this.closed
  }

  /** Stops reading, so that what is sent piles up. */
  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  [Symbol.dispose](): void {
    this.#socket.terminate()
  }
}

/** A message in a few words. */
export function tellOf(message: Message): string {
  const { type, sessionId } = message
  if (type === '@xstate.actor') return `${sessionId} is there`
  return type === '@xstate.event'
    ? `${sessionId} hears ${message.event.type}`
    : `${sessionId} is ${JSON.stringify(message.snapshot.value ?? message.snapshot.status)}`
}
