/**
 * Questions and answers over core NATS, where an answer may be larger than a message: it comes in parts.
 *
 * Owns: the subject answers come back on, which question each belongs to, how long they are waited for. Does not own
 * what is asked. Invariants: an answer is whole or not given; a question ends in an answer or a typed error, within
 * its time; nothing is asked twice here, since only who asks knows whether it may be.
 */
import { headers, type Msg, type NatsConnection, type Subscription } from '@nats-io/transport-node'
import type { Clock } from '../../actors/clock.js'
import { OverloadedError, TooLargeError, UnavailableError } from '../../actors/errors.js'
import type { Limits } from '../../actors/limits.js'

const PART = 'Perdure-Part'
const PARTS = 'Perdure-Parts'
/** Of a message's size, left for its headers. */
const HEADROOM_BYTES = 4_096
const NOBODY = 503

export interface RequestsSite {
  readonly nc: NatsConnection
  /** Subject that this client's answers come to, before the token of each. */
  readonly answers: string
  readonly clock: Clock
  readonly limits: Limits
}

/** An answer that is waited for. */
export interface Expected {
  /** Where it must be sent. */
  readonly subject: string
  /** @throws UnavailableError when nobody listens, the time is over, or the client is closed; TooLargeError */
  readonly answer: Promise<Uint8Array>
  /** Whether it came, or is not waited for any more. */
  readonly isOver: boolean
  /** Whether it is over because nobody serves the subject: then nobody has heard the question. */
  readonly isUnheard: boolean
  /** Waits no more. */
  cancel(): void
}

interface Waiting {
  readonly parts: Uint8Array[]
  bytes: number
  isUnheard: boolean
  resolve(answer: Uint8Array): void
  reject(error: unknown): void
}

export type Handler = (lastToken: string, body: Uint8Array) => Promise<Uint8Array>

export class Requests {
  readonly #site: RequestsSite
  readonly #waiting = new Map<string, Waiting>()
  readonly #subscription: Subscription
  readonly #partBytes: number
  #token = 0
  #answering = 0

  constructor(site: RequestsSite) {
    this.#site = site
    const { nc, answers } = site
    this.#partBytes = (nc.info?.max_payload ?? 1024 * 1024) - HEADROOM_BYTES
    this.#subscription = nc.subscribe(`${answers}.*`, {
      callback: (error, message) => {
        if (error === null) this.#take(message)
      },
    })
  }

  /** A subject of its own for one answer, and the wait for it. @param what for the error: who is asked. */
  expect(what: string, timeoutMs: number): Expected {
    const { answers, clock, limits } = this.#site
    if (this.#waiting.size >= limits.remoteRequestsMax)
      throw new OverloadedError('the questions of this client', this.#waiting.size)
    const token = (++this.#token).toString(36)
    let stop = () => {}
    let isUnheard = () => false
    const answer = new Promise<Uint8Array>((resolve, reject) => {
      const cancel = clock.after(timeoutMs, () =>
        waiting.reject(new UnavailableError(`${what} did not answer within ${timeoutMs} ms`)),
      )
      const done = () => {
        cancel()
        this.#waiting.delete(token)
      }
      const waiting: Waiting = {
        parts: [],
        bytes: 0,
        isUnheard: false,
        resolve: whole => {
          done()
          resolve(whole)
        },
        reject: error => {
          done()
          reject(error)
        },
      }
      this.#waiting.set(token, waiting)
      isUnheard = () => waiting.isUnheard
      stop = () => {
        // Mostly it has its answer by then, and an error that nobody sees takes its time to be made.
        if (this.#waiting.has(token))
          waiting.reject(new UnavailableError(`nobody waits for ${what} any more`))
      }
    })
    // Whoever cancels has stopped listening.
    answer.catch(() => {})
    const hasEnded = () => !this.#waiting.has(token)
    return {
      subject: `${answers}.${token}`,
      answer,
      get isOver() {
        return hasEnded()
      },
      get isUnheard() {
        return isUnheard()
      },
      cancel: () => stop(),
    }
  }

  /** @throws UnavailableError when it cannot be asked; its answer does when nobody serves the subject, or not in time. */
  ask(subject: string, what: string, body: Uint8Array, timeoutMs: number): Expected {
    const { nc } = this.#site
    const expected = this.expect(what, timeoutMs)
    try {
      nc.publish(subject, body, { reply: expected.subject })
    } catch (error) {
      expected.cancel()
      throw lost(what, error)
    }
    return expected
  }

  /**
   * Answers what is asked on `subject`, whose last token is the handler's to read; the answer ends it. A handler
   * throws nothing. Of those who share a queue one answers.
   */
  serve(subject: string, handler: Handler, queue?: string): () => void {
    const { nc, limits } = this.#site
    const subscription = nc.subscribe(subject, {
      ...(queue === undefined ? {} : { queue }),
      callback: (error, message) => {
        if (error !== null || message.reply === undefined || message.reply === '') return
        // Who is turned away so finds out by the clock, and comes again.
        if (this.#answering >= limits.remoteRequestsMax) return
        this.#answering++
        const lastToken = message.subject.slice(message.subject.lastIndexOf('.') + 1)
        const { reply } = message
        void handler(lastToken, message.data)
          .then(answer => this.answer(reply, answer))
          .finally(() => this.#answering--)
      },
    })
    return () => subscription.unsubscribe()
  }

  /** Sends an answer, in as many parts as it takes. Whoever is not there any more does not get it. */
  answer(subject: string, body: Uint8Array): void {
    const { nc } = this.#site
    if (nc.isClosed()) return
    if (body.length <= this.#partBytes) return nc.publish(subject, body)
    const parts = Math.ceil(body.length / this.#partBytes)
    for (let part = 0; part < parts; part++) {
      const head = headers()
      head.set(PART, String(part))
      head.set(PARTS, String(parts))
      nc.publish(subject, body.subarray(part * this.#partBytes, (part + 1) * this.#partBytes), {
        headers: head,
      })
    }
  }

  /** The connection is gone, and what was answered with it: whoever waits is told, and may ask again. */
  lose(): void {
    for (const waiting of [...this.#waiting.values()])
      waiting.reject(new UnavailableError('the connection to NATS was lost before the answer came'))
  }

  /** Everybody who waits is told. */
  close(): void {
    this.#subscription.unsubscribe()
    for (const waiting of [...this.#waiting.values()])
      waiting.reject(new UnavailableError('this client was closed', undefined, false))
  }

  #take(message: Msg): void {
    const token = message.subject.slice(message.subject.lastIndexOf('.') + 1)
    const waiting = this.#waiting.get(token)
    if (waiting === undefined) return
    const { headers: head, data } = message
    if (head?.code === NOBODY) {
      waiting.isUnheard = true
      return waiting.reject(new UnavailableError('nobody has that shard at the moment'))
    }
    const parts = Number(head?.get(PARTS) || 1)
    // Another may answer the same from its beginning, when who began has died over it.
    if (parts > 1 && Number(head?.get(PART)) === 0) {
      waiting.parts.length = 0
      waiting.bytes = 0
    }
    // Parts come in order, or the connection was lost between them: then the rest never comes.
    if (parts > 1 && Number(head?.get(PART)) !== waiting.parts.length) return
    waiting.parts.push(data)
    waiting.bytes += data.length
    const { remoteReplyBytesMax } = this.#site.limits
    if (waiting.bytes > remoteReplyBytesMax)
      return waiting.reject(new TooLargeError('', 'the answer', waiting.bytes, remoteReplyBytesMax))
    if (waiting.parts.length === parts) waiting.resolve(parts === 1 ? data : Buffer.concat(waiting.parts))
  }
}

/** What a failure of the connection means to who asked. */
function lost(what: string, error: unknown): UnavailableError {
  return new UnavailableError(
    `${what} cannot be asked: ${error instanceof Error ? error.message : String(error)}`,
  )
}
