/**
 * The HTTP door as its callers meet it: a real server on a free port, actors with something of everything, and
 * fetch.
 */
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createParser, type EventSourceMessage } from 'eventsource-parser'
import { assign, emit, sendTo, setup } from 'xstate'
import { decode, encode } from '../../actors/codec.js'
import type { Limits } from '../../actors/limits.js'
import { MSGPACK } from '../../runtime/http/routes.js'
import { activity, defineActor } from '../../runtime/index.js'
import type { VirtualTimeRuntime } from '../../runtime/testing/test-runtime.js'
import { engineWorld } from './engine-world.js'

const item = setup({
  types: { context: {} as { picked: number }, events: {} as { type: 'PICK' } },
}).createMachine({
  id: 'item',
  context: { picked: 0 },
  on: { PICK: { actions: assign({ picked: ({ context }) => context.picked + 1 }) } },
})

export type ParcelEvent =
  | { type: 'APPROVE'; by: string }
  | { type: 'WEIGH'; grams: number }
  | { type: 'BREAK' }
  | { type: 'PICK' }

/** Waits to be approved, charges, and is done a second later. Its context holds what JSON has no form for. */
export const parcel = defineActor({
  machine: setup({
    types: {
      input: {} as { to: string },
      context: {} as { to: string; by?: string | undefined; rich: unknown; grams: readonly number[] },
      events: {} as ParcelEvent,
      emitted: {} as { type: 'WEIGHED'; grams: number },
      output: {} as { receipt: string },
      tags: {} as 'waiting' | 'settled',
    },
    actors: { charge: activity(async () => 'receipt-1'), item },
  }).createMachine({
    id: 'parcel',
    initial: 'open',
    context: ({ input }) => ({
      to: input.to,
      by: undefined,
      rich: { at: new Date(0), many: new Map([['a', 1n]]), bytes: new Uint8Array([1, 2]) },
      grams: [],
    }),
    output: { receipt: 'receipt-1' },
    invoke: { src: 'item', id: 'item.1' },
    on: {
      WEIGH: {
        actions: [
          assign({ grams: ({ context, event }) => [...context.grams, event.grams].slice(-10) }),
          emit(({ event }) => ({ type: 'WEIGHED', grams: event.grams })),
        ],
      },
      PICK: { actions: sendTo('item.1', { type: 'PICK' }) },
      BREAK: {
        actions: () => {
          throw new RangeError('it broke')
        },
      },
    },
    states: {
      open: {
        initial: 'waiting',
        states: { waiting: { tags: 'waiting', on: { APPROVE: '#parcel.charging' } } },
      },
      charging: {
        entry: assign({ by: ({ event }) => (event as { by?: string }).by }),
        invoke: { src: 'charge', onDone: 'sent' },
      },
      sent: { after: { 1000: 'arrived' } },
      arrived: { type: 'final', tags: 'settled' },
    },
  }),
  version: '2',
  selectors: {
    by: s => s.context.by,
    odd: () => () => 'a function',
    fails: () => {
      throw new Error('no answer')
    },
  },
})

/** Refuses what it has no transition for, and is born by what it is sent. */
export const strict = defineActor({
  machine: setup({
    types: { context: {} as { n: number }, events: {} as { type: 'ADD'; n: number } },
  }).createMachine({
    id: 'strict',
    context: { n: 0 },
    initial: 'on',
    states: {
      on: {
        on: {
          ADD: {
            actions: assign(({ context, event }) => {
              if (event.n < 0) throw new RangeError('less than nothing')
              return { n: context.n + event.n }
            }),
          },
        },
      },
    },
  }),
  version: '1',
  create: () => undefined,
  unhandled: 'refuse',
})

export interface HttpReply {
  readonly status: number
  readonly headers: Headers
  readonly body: Record<string, unknown>
}

export interface Asking {
  readonly method?: string
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  readonly packed?: boolean
}

/** One request, its answer read as what it says it is. */
export async function ask(
  url: string,
  { method, body, headers, packed = false }: Asking = {},
): Promise<HttpReply> {
  const type = packed ? MSGPACK : 'application/json'
  const response = await fetch(url, {
    method: method ?? (body === undefined ? 'GET' : 'POST'),
    headers: { accept: type, ...(body === undefined ? {} : { 'content-type': type }), ...headers },
    ...(body === undefined ? {} : { body: packed ? encode(body) : JSON.stringify(body) }),
  })
  const bytes = new Uint8Array(await response.arrayBuffer())
  const isPacked = response.headers.get('content-type') === MSGPACK
  const read = bytes.length === 0 ? {} : isPacked ? decode(bytes) : JSON.parse(Buffer.from(bytes).toString())
  return { status: response.status, headers: response.headers, body: read as Record<string, unknown> }
}

/** The code of an error's body. */
export function codeOf({ body }: HttpReply): unknown {
  return (body.error as { code?: unknown } | undefined)?.code
}

export class HttpWorld implements AsyncDisposable {
  readonly rt: VirtualTimeRuntime
  readonly server: Server
  readonly url: string

  private constructor(rt: VirtualTimeRuntime, server: Server) {
    this.rt = rt
    this.server = server
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  }

  static async open(
    limits: Partial<Limits> = {},
    listener?: (handler: RequestListener) => RequestListener,
  ): Promise<HttpWorld> {
    const rt = await engineWorld([parcel, strict], limits)
    const server = createServer(listener?.(rt.handler) ?? rt.handler)
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    return new HttpWorld(rt, server)
  }

  ask(path: string, asking?: Asking): Promise<HttpReply> {
    return ask(this.url + path, asking)
  }

  /** Server-sent events of a path, until `close`. */
  async events(path: string, headers: Readonly<Record<string, string>> = {}): Promise<EventReader> {
    const controller = new AbortController()
    const response = await fetch(this.url + path, {
      headers: { accept: 'text/event-stream', ...headers },
      signal: controller.signal,
    })
    return new EventReader(response, controller)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.rt.stop()
    this.server.closeAllConnections()
    await new Promise(resolve => this.server.close(resolve))
  }
}

/** A stream of server-sent events, read with a parser that is not ours. */
class EventReader {
  readonly response: Response
  readonly comments: string[] = []
  readonly #controller: AbortController
  readonly #waiting: EventSourceMessage[] = []
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>
  readonly #decoder = new TextDecoder()
  readonly #parser = createParser({
    onEvent: event => this.#waiting.push(event),
    onComment: comment => this.comments.push(comment),
  })

  constructor(response: Response, controller: AbortController) {
    this.response = response
    this.#controller = controller
    this.#reader = response.body!.getReader()
  }

  /** The next event; undefined at the end. */
  async next(): Promise<EventSourceMessage | undefined> {
    while (this.#waiting.length === 0) if (!(await this.#read())) return undefined
    return this.#waiting.shift()
  }

  /** The next so many, their data parsed. */
  async take<Data = Record<string, unknown>>(count: number): Promise<Data[]> {
    const taken: Data[] = []
    while (taken.length < count) {
      const event = await this.next()
      if (event === undefined) throw new Error(`the stream ended after ${taken.length} of ${count} events`)
      taken.push(JSON.parse(event.data) as Data)
    }
    return taken
  }

  /** Reads until a comment has come. */
  async comment(): Promise<void> {
    while (this.comments.length === 0 && (await this.#read())) {}
  }

  close(): void {
    this.#controller.abort()
  }

  async #read(): Promise<boolean> {
    const { done, value } = await this.#reader.read()
    if (value !== undefined) this.#parser.feed(this.#decoder.decode(value, { stream: true }))
    return !done
  }
}
