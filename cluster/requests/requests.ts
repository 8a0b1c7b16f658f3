/**
 * Questions and answers over core NATS, where an answer may be larger than a message: it comes in parts. A question
 * may also be answered several times, by a feed.
 *
 * Owns: the subject answers come back on, which question each belongs to, how long they are waited for. Does not own
 * what is asked. Invariants: an answer is whole or not given; a question ends in an answer or a typed error, within
 * its time; nothing is asked twice here, since only who asks knows whether it may be.
 */
import type { Msg, NatsConnection, Subscription } from '@nats-io/transport-node'
import type { Clock } from '../../actors/clock.js'
import { OverloadedError, TooLargeError, UnavailableError } from '../../actors/errors.js'
import type { Limits } from '../../actors/limits.js'
import { unpackBundle } from './bundle.js'
import { BUNDLE_TOKEN, OutgoingAnswers, PART, PARTS } from './outgoing-answers.js'
import { type Expected, ExpectedAnswer, type Feed, type FeedListener, Question } from './question.js'

const NOBODY = 503

export interface RequestsSite {
  readonly nc: NatsConnection
  /** Subject that this client's answers come to, before the token of each. */
  readonly answers: string
  readonly clock: Clock
  readonly limits: Limits
}

/** Whoever asked. */
export interface Asker {
  /** Where the answer goes, and what the question is known by; empty when none is waited for. */
  readonly subject: string
  /** Answers, and goes on: of a feed. */
  tell(answer: Uint8Array): void
}

export type Handler = (lastToken: string, body: Uint8Array, asker: Asker) => Promise<Uint8Array>

export class Requests {
  readonly #site: RequestsSite
  /** By place, which a token begins with: a map under such traffic leaves copies of itself behind (see `Roster`). */
  readonly #waiting: (Question | undefined)[] = []
  readonly #freePlaces: number[] = []
  readonly #subscription: Subscription
  readonly #outgoing: OutgoingAnswers
  #token = 0
  #answering = 0

  constructor(site: RequestsSite) {
    this.#site = site
    const { nc, answers, clock } = site
    this.#outgoing = new OutgoingAnswers(nc, clock)
    this.#subscription = nc.subscribe(`${answers}.*`, {
      callback: (error, message) => {
        if (error === null) this.#hear(message)
      },
    })
  }

  /** A subject of its own for one answer, and the wait for it. @param what for the error: who is asked. */
  expect(what: string, timeoutMs: number): Expected {
    return this.#begun(new ExpectedAnswer(what), what, timeoutMs)
  }

  /** @throws UnavailableError when it cannot be asked; its answer does when nobody serves the subject, or not in time. */
  ask(subject: string, what: string, body: Uint8Array, timeoutMs: number): Expected {
    const expected = this.#begun(new ExpectedAnswer(what), what, timeoutMs)
    this.#ask(subject, body, expected.feed)
    return expected
  }

  #begun(expected: ExpectedAnswer, what: string, timeoutMs: number): ExpectedAnswer {
    expected.feed = this.#wait(what, timeoutMs, expected)
    return expected
  }

  /**
   * Asks, and hears every answer until `end`.
   * @param timeoutMs how long in all: who answers ends it before.
   * @throws UnavailableError, OverloadedError when it cannot be asked.
   */
  feed(subject: string, what: string, body: Uint8Array, timeoutMs: number, listener: FeedListener): Feed {
    const feed = this.#wait(what, timeoutMs, listener)
    this.#ask(subject, body, feed)
    return feed
  }

  #ask(subject: string, body: Uint8Array, feed: Question): void {
    try {
      this.#site.nc.publish(subject, body, { reply: feed.subject })
    } catch (error) {
      feed.end()
      throw lost(feed.what, error)
    }
  }

  #wait(what: string, timeoutMs: number, listener: FeedListener): Question {
    const { answers, clock, limits } = this.#site
    const asked = this.#waiting.length - this.#freePlaces.length
    if (asked >= limits.remoteRequestsMax) throw new OverloadedError('the questions of this client', asked)
    const place = this.#freePlaces.pop() ?? this.#waiting.length
    const token = `${BUNDLE_TOKEN}${place}-${(++this.#token).toString(36)}`
    const waiting = new Question(what, answers, token, listener, () => {
      this.#waiting[place] = undefined
      this.#freePlaces.push(place)
    })
    waiting.cancelAlarm = clock.after(timeoutMs, () =>
      waiting.lose(new UnavailableError(`${what} did not answer within ${timeoutMs} ms`)),
    )
    this.#waiting[place] = waiting
    return waiting
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
        if (error !== null) return
        // Who is turned away so finds out by the clock, and comes again.
        if (this.#answering >= limits.remoteRequestsMax) return
        this.#answering++
        const lastToken = message.subject.slice(message.subject.lastIndexOf('.') + 1)
        const to = message.reply ?? ''
        const tell = (answer: Uint8Array) => {
          if (to !== '') this.answer(to, answer)
        }
        void handler(lastToken, message.data, { subject: to, tell })
          .then(tell)
          .finally(() => this.#answering--)
      },
    })
    return () => subscription.unsubscribe()
  }

  /** Sends an answer, in as many parts as it takes. Whoever is not there any more does not get it. */
  answer(subject: string, body: Uint8Array): void {
    this.#outgoing.send(subject, body)
  }

  /** The connection is gone, and what was answered with it: whoever waits is told, and may ask again. */
  lose(): void {
    for (const waiting of [...this.#waiting])
      waiting?.lose(new UnavailableError('the connection to NATS was lost before the answer came'))
  }

  /** Everybody who waits is told. */
  close(): void {
    this.#subscription.unsubscribe()
    for (const waiting of [...this.#waiting])
      waiting?.lose(new UnavailableError('this client was closed', undefined, false))
  }

  #hear(message: Msg): void {
    const { subject, data } = message
    const token = subject.slice(subject.lastIndexOf('.') + 1)
    if (token === BUNDLE_TOKEN) return unpackBundle(data, (one, body) => this.#waitingFor(one)?.take(body))
    const waiting = this.#waitingFor(token)
    if (waiting !== undefined) this.#take(waiting, message)
  }

  /** Undefined when it is not waited for any more. */
  #waitingFor(token: string): Question | undefined {
    const waiting = this.#waiting[Number.parseInt(token.slice(BUNDLE_TOKEN.length), 10)]
    return waiting?.token === token ? waiting : undefined
  }

  #take(waiting: Question, { headers: head, data }: Msg): void {
    if (head === undefined) return waiting.take(data)
    if (head.code === NOBODY)
      return waiting.lose(new UnavailableError(`${waiting.what}: nobody is there at the moment`), true)
    const parts = Number(head.get(PARTS) || 1)
    const part = Number(head.get(PART))
    // Another may answer the same from its beginning, when who began has died over it.
    if (parts > 1 && part === 0) {
      waiting.parts.length = 0
      waiting.bytes = 0
    }
    // Parts come in order, or the connection was lost between them: then the rest never comes.
    if (parts > 1 && part !== waiting.parts.length) return
    waiting.parts.push(data)
    waiting.bytes += data.length
    const { remoteReplyBytesMax } = this.#site.limits
    if (waiting.bytes > remoteReplyBytesMax)
      return waiting.lose(new TooLargeError('', 'the answer', waiting.bytes, remoteReplyBytesMax))
    if (waiting.parts.length < parts) return
    const whole = parts === 1 ? data : Buffer.concat(waiting.parts)
    waiting.parts.length = 0
    waiting.bytes = 0
    waiting.take(whole)
  }
}

/** What a failure of the connection means to who asked. */
function lost(what: string, error: unknown): UnavailableError {
  return new UnavailableError(
    `${what} cannot be asked: ${error instanceof Error ? error.message : String(error)}`,
  )
}
