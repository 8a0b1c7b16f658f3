/**
 * Writing in a thread of its own: what is asked for is sent there, and told when it comes back. Only what must be
 * answered at once is waited for, and not without end.
 *
 * Invariants: while a commit is on its way the process does not end for want of work; while none is, the thread
 * keeps no process alive. Once the thread is gone nothing is written any more, and that was told.
 */
import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads'
import { SetupError } from '../../../actors/errors.js'
import type { JournalPlace } from '../../journal-place.js'
import type { PackedSegment } from '../../segment/segment.js'
import { errorOf } from './failure.js'
import { JournalThread, type ThreadWay } from './journal-thread.js'
import type { Message, Order, ThreadSetup } from './messages.js'
import type { Errand, Report, Writing } from './orders.js'

export class ThreadWriting implements Writing {
  readonly #directory: string
  readonly #answerMsMax: number
  readonly #thread: JournalThread
  /** Whether the thread may still be at something, and does not answer. */
  #isSilent = false
  readonly #way: ThreadWay
  readonly #port: MessagePort
  readonly #signal = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT))
  readonly #tell: (report: Report) => void
  #answer: Extract<Message, { kind: 'answer' }> | undefined
  #failure: Error | undefined
  /** Number of the last commit that was sent. */
  #sent = 0
  #isClosed = false

  /** @param shared a thread that writes others besides; absent: one for this alone. */
  constructor(
    setup: Omit<ThreadSetup, 'port' | 'signal'>,
    tell: (report: Report) => void,
    shared?: JournalThread,
  ) {
    this.#directory = setup.files.directory
    this.#answerMsMax = setup.limits.writerAnswerMsMax
    this.#tell = tell
    this.#thread = shared ?? new JournalThread()
    this.#way = this.#thread.open({ ...setup, signal: this.#signal }, reason =>
      this.#fail(this.#lost(reason)),
    )
    this.#port = this.#way.port
    this.#port.on('message', (message: Message) => this.#hear(message))
    this.#rest()
  }

  commit(segment: PackedSegment, place: JournalPlace | undefined, mayWait: boolean): void {
    if (this.#failure !== undefined) throw this.#failure
    const { number, first, last, at, entries, records } = segment
    this.#sent = number
    this.#way.keepAlive(true)
    // A copy, which the thread is given for good: this one is read from for as long as it is unsettled.
    const bytes = Buffer.allocUnsafeSlow(entries.length + records.length)
    entries.copy(bytes)
    records.copy(bytes, entries.length)
    const entriesBytes = entries.length
    const order: Order = { kind: 'commit', number, first, last, at, bytes, entriesBytes, place, mayWait }
    this.#port.postMessage(order, [bytes.buffer])
  }

  write(): void {
    if (this.#failure !== undefined) return
    this.#way.keepAlive(true)
    this.#send({ kind: 'write' })
  }

  settle(): void {
    if (this.#failure === undefined) this.#send({ kind: 'settle' })
  }

  run(errand: Errand): number {
    return this.#ask({ kind: 'run', errand })
  }

  close(then: () => void): void {
    try {
      // Of one that failed there is nothing to expect; the next to open the journal settles what it left.
      if (this.#failure === undefined) this.#ask({ kind: 'close' })
    } finally {
      this.#isClosed = true
      // Before its way is closed: it may be the last that the thread is kept for.
      const isEnded = this.#isSilent ? this.#thread.end() : undefined
      this.#way.close()
      if (isEnded === undefined) then()
      else void isEnded.then(then)
    }
  }

  /** Sends an order and waits for its answer; what else is told meanwhile is heard in order. */
  #ask(order: Order): number {
    if (this.#failure !== undefined) throw this.#failure
    this.#answer = undefined
    this.#send(order)
    for (;;) {
      const seen = Atomics.load(this.#signal, 0)
      this.#drain()
      const answer = this.#answer as Extract<Message, { kind: 'answer' }> | undefined
      if (answer !== undefined) {
        if ('failure' in answer) throw errorOf(answer.failure)
        return answer.value
      }
      if (this.#failure !== undefined) throw this.#failure
      if (Atomics.wait(this.#signal, 0, seen, this.#answerMsMax) !== 'timed-out') continue
      this.#isSilent = true
      this.#fail(this.#lost(`it did not answer within ${this.#answerMsMax} ms`))
    }
  }

  #send(order: Order): void {
    this.#port.postMessage(order)
  }

  #drain(): void {
    for (;;) {
      const next = receiveMessageOnPort(this.#port) as { readonly message: Message } | undefined
      if (next === undefined) return
      this.#hear(next.message)
    }
  }

  #hear(message: Message): void {
    switch (message.kind) {
      case 'answer':
        this.#answer = message
        return
      case 'failed':
        return this.#fail(errorOf(message.failure))
      case 'refused':
        this.#rest()
        return this.#tell({ kind: 'refused', error: errorOf(message.failure) })
      case 'committed':
        if (message.number === this.#sent) this.#rest()
        return this.#tell(message)
      default:
        return this.#tell(message)
    }
  }

  #fail(error: Error): void {
    if (this.#failure !== undefined || this.#isClosed) return
    // What it said before it ended still holds.
    this.#drain()
    this.#failure = error
    this.#rest()
    this.#tell({ kind: 'failed', error })
  }

  /** Nothing is on its way: the process may end. */
  #rest(): void {
    this.#way.keepAlive(false)
  }

  #lost(reason: string): SetupError {
    return new SetupError(
      'JournalFailed',
      `the thread that writes ${this.#directory} is gone: ${reason}. What was durable still is; open it again`,
      { directory: this.#directory, reason },
    )
  }
}
