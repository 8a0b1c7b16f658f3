/**
 * NATS as its protocol page describes it: lines of text over a TCP socket. No client library, and nothing of ours: what
 * a program in any language could do.
 */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

export interface RawMessage {
  readonly subject: string
  readonly reply: string
  /** By their names as they were written; `status` of a message that is only a status. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

type Fields = Readonly<Record<string, string>>

const CRLF = '\r\n'
const patienceMs = 15_000

export class RawNats {
  readonly #socket: Socket
  readonly #listeners = new Map<string, (message: RawMessage) => void>()
  #bytes = Buffer.alloc(0)
  #sids = 0
  #inboxes = 0
  #onPong = () => {}

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', bytes => {
      this.#bytes = Buffer.concat([this.#bytes, bytes])
      while (this.#takeOne());
    })
  }

  static async open(url: string): Promise<RawNats> {
    const { hostname, port } = new URL(url)
    const socket = connect(Number(port), hostname)
    await once(socket, 'connect')
    const client = new RawNats(socket)
    client.#write(
      `CONNECT ${JSON.stringify({ verbose: false, pedantic: true, headers: true, no_responders: true, protocol: 1 })}${CRLF}`,
    )
    await client.flush()
    return client
  }

  /** Resolves once the server has taken all that was written. */
  flush(): Promise<void> {
    return new Promise(resolve => {
      this.#onPong = resolve
      this.#write(`PING${CRLF}`)
    })
  }

  publish(subject: string, body: string, fields: Fields = {}, reply = ''): void {
    const bytes = Buffer.from(body)
    const names = Object.entries(fields)
    const to = reply === '' ? subject : `${subject} ${reply}`
    if (names.length === 0) this.#write(`PUB ${to} ${bytes.length}${CRLF}${body}${CRLF}`)
    else {
      const head = `NATS/1.0${CRLF}${names.map(([name, value]) => `${name}: ${value}${CRLF}`).join('')}${CRLF}`
      const headBytes = Buffer.byteLength(head)
      this.#write(`HPUB ${to} ${headBytes} ${headBytes + bytes.length}${CRLF}${head}${body}${CRLF}`)
    }
  }

  subscribe(subject: string, listener: (message: RawMessage) => void): string {
    const sid = String(++this.#sids)
    this.#listeners.set(sid, listener)
    this.#write(`SUB ${subject} ${sid}${CRLF}`)
    return sid
  }

  /** A subject that nobody else has. */
  inbox(): string {
    return `_INBOX.raw${process.pid}.${++this.#inboxes}`
  }

  /** @throws Error when nobody serves the subject, or no answer comes. */
  request(subject: string, body = '', fields: Fields = {}): Promise<RawMessage> {
    const reply = this.inbox()
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${subject}: no answer`)), patienceMs)
      const sid = this.subscribe(reply, message => {
        clearTimeout(timer)
        this.#listeners.delete(sid)
        this.#write(`UNSUB ${sid}${CRLF}`)
        if (message.headers.status === '503') reject(new Error(`${subject}: nobody serves it`))
        else resolve(message)
      })
      this.publish(subject, body, fields, reply)
    })
  }

  async close(): Promise<void> {
    this.#socket.end()
    if (!this.#socket.closed) await once(this.#socket, 'close')
  }

  #write(text: string): void {
    this.#socket.write(text)
  }

  /** Whether a whole message stood there. */
  #takeOne(): boolean {
    const end = this.#bytes.indexOf(CRLF)
    if (end === -1) return false
    const [verb = '', ...words] = this.#bytes.subarray(0, end).toString().split(' ')
    if (verb === 'MSG' || verb === 'HMSG') return this.#takeMessage(verb, words, end + 2)
    this.#bytes = this.#bytes.subarray(end + 2)
    if (verb === 'PING') this.#write(`PONG${CRLF}`)
    if (verb === 'PONG') this.#onPong()
    if (verb === '-ERR') this.#socket.destroy(new Error(words.join(' ')))
    return true
  }

  #takeMessage(verb: 'MSG' | 'HMSG', words: readonly string[], from: number): boolean {
    const [subject = '', sid = '', ...rest] = words
    const sizes = rest.slice(verb === 'MSG' ? -1 : -2).map(Number)
    const reply = rest.length > sizes.length ? rest[0]! : ''
    const total = sizes.at(-1) ?? 0
    const head = verb === 'HMSG' ? sizes[0]! : 0
    if (this.#bytes.length < from + total + 2) return false
    const text = this.#bytes.subarray(from, from + total)
    this.#bytes = this.#bytes.subarray(from + total + 2)
    const message = {
      subject,
      reply,
      headers: headersIn(text.subarray(0, head).toString()),
      body: text.subarray(head).toString(),
    }
    this.#listeners.get(sid)?.(message)
    return true
  }
}

function headersIn(text: string): Record<string, string> {
  const [first = '', ...lines] = text.split(CRLF)
  const status = first.split(' ')[1]
  const fields = lines
    .filter(line => line.includes(':'))
    .map(line => {
      const at = line.indexOf(':')
      return [line.slice(0, at), line.slice(at + 1).trim()] as const
    })
  return { ...(status === undefined ? {} : { status }), ...Object.fromEntries(fields) }
}
