/**
 * What was asked and is not answered, or not to its end: who hears the answers, and when nobody does any more. Where a
 * question stands among the others and how it is asked are not here.
 */
import { UnavailableError } from '../../actors/errors.js'

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

/** Whoever hears several answers to one question, in order, until they end it; then `lost` is told no more. */
export interface FeedListener {
  next(answer: Uint8Array): void
  /** Nothing more comes: UnavailableError, TooLargeError. @param isUnheard nobody serves the subject, so nobody has heard the question. */
  lost(error: unknown, isUnheard: boolean): void
}

export interface Feed {
  /** What it is known by to who answers. */
  readonly subject: string
  /** Nothing more is heard. */
  end(): void
}

/** A question and who hears its answers. Many are made: what all have alike is no closure of each. */
export class Question implements Feed {
  readonly what: string
  readonly token: string
  readonly subject: string
  readonly parts: Uint8Array[] = []
  bytes = 0
  cancelAlarm = () => {}
  readonly #listener: FeedListener
  readonly #onEnd: () => void
  #isOver = false

  /** @param answers subject that its answers come to, before the token. */
  constructor(what: string, answers: string, token: string, listener: FeedListener, onEnd: () => void) {
    this.what = what
    this.token = token
    this.subject = `${answers}.${token}`
    this.#listener = listener
    this.#onEnd = onEnd
  }

  take(answer: Uint8Array): void {
    this.#listener.next(answer)
  }

  lose(error: unknown, isUnheard = false): void {
    this.end()
    this.#listener.lost(error, isUnheard)
  }

  end(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.cancelAlarm()
    this.#onEnd()
  }
}

export class ExpectedAnswer implements Expected, FeedListener {
  readonly answer: Promise<Uint8Array>
  isOver = false
  isUnheard = false
  /** Given as soon as it is asked for. */
  feed!: Question
  readonly #what: string
  #resolve: (answer: Uint8Array) => void = () => {}
  #reject: (error: unknown) => void = () => {}

  constructor(what: string) {
    this.#what = what
    this.answer = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    // Whoever cancels has stopped listening.
    this.answer.catch(() => {})
  }

  get subject(): string {
    return this.feed.subject
  }

  next(whole: Uint8Array): void {
    this.isOver = true
    this.feed.end()
    this.#resolve(whole)
  }

  lost(error: unknown, isUnheard: boolean): void {
    this.isOver = true
    this.isUnheard = isUnheard
    this.#reject(error)
  }

  cancel(): void {
    // Mostly it has its answer by then, and an error that nobody sees takes its time to be made.
    if (this.isOver) return
    this.isOver = true
    this.feed.end()
    this.#reject(new UnavailableError(`nobody waits for ${this.#what} any more`))
  }
}
