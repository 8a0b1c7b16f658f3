/**
 * The thread that writes a journal, on a connection of its own. It takes one order after the other, and while none
 * waits it settles, a slice at a time.
 */
import { receiveMessageOnPort, workerData } from 'node:worker_threads'
import { isJournalFull } from '../../../actors/errors.js'
import { type Connection, connect, translated } from '../database.js'
import { failureOf } from './failure.js'
import type { CommitOrder, Message, Order, ThreadSetup } from './messages.js'
import type { Report } from './orders.js'
import { Writer } from './writer.js'

const { files, durability, bytesMax, limits, port, signal } = workerData as ThreadSetup

function say(message: Message): void {
  port.postMessage(message)
}

function tell(report: Report): void {
  if ('error' in report) say({ kind: report.kind, failure: failureOf(report.error, files.journal) })
  else say(report)
}

function answer(work: () => number): void {
  try {
    say({ kind: 'answer', value: work() })
  } catch (error) {
    say({ kind: 'answer', failure: failureOf(error, files.journal) })
  }
  wake()
}

function wake(): void {
  Atomics.add(signal, 0, 1)
  Atomics.notify(signal, 0)
}

class Thread {
  readonly #db: Connection
  readonly #writer: Writer

  constructor() {
    this.#db = connect(files.journal, { readOnly: false, durability, bytesMax })
    const { journal, highWater } = files
    this.#writer = new Writer({ db: this.#db, journal, highWater, durability, limits, tell })
  }

  /** Obeys, then what else has come, then settles for as long as nothing comes. */
  obey(first: Order): void {
    this.#obey(first)
    for (;;) {
      const next = receiveMessageOnPort(port) as { readonly message: Order } | undefined
      if (next !== undefined) this.#obey(next.message)
      else if (!this.#work()) return
    }
  }

  #obey(order: Order): void {
    switch (order.kind) {
      case 'commit':
        return this.#commit(order)
      case 'settle':
        return this.#writer.settle()
      case 'run':
        return answer(() => this.#writer.run(order.errand))
      case 'close':
        return this.#close()
    }
  }

  #commit({ number, first, last, at, bytes, entriesBytes, place }: CommitOrder): void {
    // Bytes come as plain arrays.
    const both = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
    const entries = both.subarray(0, entriesBytes)
    const records = both.subarray(entriesBytes)
    try {
      this.#writer.commit({ number, first, last, at, entries, records }, place)
    } catch (error) {
      tell({ kind: 'refused', error })
    }
  }

  #work(): boolean {
    try {
      return this.#writer.work()
    } catch (error) {
      if (!isJournalFull(translated(error, files.journal))) throw error
      return false
    }
  }

  #close(): void {
    answer(() => {
      try {
        this.#writer.close()
      } finally {
        this.#db.close()
      }
      return 0
    })
    port.close()
  }
}

function orFail(work: () => void): void {
  try {
    work()
  } catch (error) {
    tell({ kind: 'failed', error })
    wake()
    port.close()
  }
}

orFail(() => {
  const thread = new Thread()
  port.on('message', (order: Order) => orFail(() => thread.obey(order)))
})
