/**
 * The thread that writes journals, each on a connection of its own. It takes one order after the other, and while none
 * waits it settles, a slice of one journal at a time. Commits that are durable elsewhere it holds for a moment, and
 * writes several of one journal as one transaction; any other order to that journal has them written first.
 */
import { type MessagePort, parentPort, receiveMessageOnPort } from 'node:worker_threads'
import { isJournalFull } from '../../../actors/errors.js'
import type { PackedSegment } from '../../segment/segment.js'
import { type Connection, connect, translated } from '../database.js'
import { failureOf } from './failure.js'
import type { CommitOrder, Message, Order, ThreadSetup } from './messages.js'
import type { Report } from './orders.js'
import { Writer } from './writer.js'

/**
 * What is told of several journals at once, those of one turn together: commits that came together go on together, and
 * whoever waits for them is woken once.
 */
const reports: { readonly port: MessagePort; readonly message: Message }[] = []
let journals = 0

/** Journals that have something to settle, in the order of their turns. */
const restless = new Set<WrittenJournal>()
let isSettling = false

class WrittenJournal {
  readonly #setup: ThreadSetup
  readonly #port: MessagePort
  readonly #db: Connection
  readonly #writer: Writer
  /** Commits that may wait, to be written as one. */
  #held: CommitOrder[] = []
  #heldBytes = 0
  #holding: NodeJS.Timeout | undefined
  #isOver = false

  constructor(setup: ThreadSetup) {
    const { files, durability, bytesMax, limits, port } = setup
    this.#setup = setup
    this.#port = port
    this.#db = connect(files.journal, { readOnly: false, durability, bytesMax })
    const { journal, highWater } = files
    const tell = (report: Report) => this.#tell(report)
    this.#writer = new Writer({ db: this.#db, journal, highWater, durability, limits, tell })
    port.on('message', (order: Order) => this.#orFail(() => this.#obeyAll(order)))
    journals++
  }

  /** Settles a slice. Answers whether there is more to do. */
  work(): boolean {
    let isMore = false
    this.#orFail(() => {
      isMore = !this.#isOver && this.#settleSlice()
    })
    return isMore
  }

  /** Obeys, then what else has come; then it settles for as long as nothing comes. */
  #obeyAll(first: Order): void {
    this.#obey(first)
    while (!this.#isOver) {
      const next = receiveMessageOnPort(this.#port) as { readonly message: Order } | undefined
      if (next === undefined) return settleLater(this)
      this.#obey(next.message)
    }
  }

  #obey(order: Order): void {
    switch (order.kind) {
      case 'commit':
        return this.#commit(order)
      case 'write':
        return this.#write()
      case 'settle':
        this.#write()
        return this.#writer.settle()
      case 'run':
        this.#write()
        return this.#answer(() => this.#writer.run(order.errand))
      case 'close':
        this.#write()
        return this.#close()
    }
  }

  #commit(order: CommitOrder): void {
    const { copyHeldCommitsMax, copyHeldBytesMax, copyHeldMs } = this.#setup.limits
    this.#held.push(order)
    this.#heldBytes += order.bytes.length
    if (!order.mayWait || this.#held.length >= copyHeldCommitsMax || this.#heldBytes >= copyHeldBytesMax)
      return this.#write()
    this.#holding ??= setTimeout(() => this.#orFail(() => this.#write()), copyHeldMs)
  }

  /** Writes what is held, all of it or nothing. What there is no room for is held on, when it may wait. */
  #write(): void {
    clearTimeout(this.#holding)
    this.#holding = undefined
    const held = this.#held
    if (held.length === 0) return
    const place = held.findLast(one => one.place !== undefined)?.place
    this.#held = []
    try {
      this.#writer.commit(held.map(packedIn), place)
      this.#heldBytes = 0
    } catch (error) {
      const isFull = isJournalFull(translated(error, this.#setup.files.journal))
      if (isFull && held.every(one => one.mayWait)) this.#held = held
      else this.#heldBytes = 0
      this.#tell({ kind: 'refused', error })
    }
  }

  #settleSlice(): boolean {
    try {
      return this.#writer.work()
    } catch (error) {
      if (!isJournalFull(translated(error, this.#setup.files.journal))) throw error
      return false
    }
  }

  #close(): void {
    journals--
    this.#isOver = true
    clearTimeout(this.#holding)
    this.#answer(() => {
      try {
        this.#writer.close()
      } finally {
        this.#db.close()
      }
      return 0
    })
    this.#port.close()
  }

  #orFail(work: () => void): void {
    try {
      work()
    } catch (error) {
      journals--
      this.#isOver = true
      clearTimeout(this.#holding)
      this.#tell({ kind: 'failed', error })
      tellAll()
      this.#wake()
      this.#port.close()
      this.#db.close()
    }
  }

  #tell(report: Report): void {
    const message: Message =
      'error' in report
        ? { kind: report.kind, failure: failureOf(report.error, this.#setup.files.journal) }
        : report
    if (reports.length === 0) {
      if (journals === 1) return this.#port.postMessage(message)
      setImmediate(tellAll)
    }
    reports.push({ port: this.#port, message })
  }

  #answer(work: () => number): void {
    let answer: Message
    try {
      answer = { kind: 'answer', value: work() }
    } catch (error) {
      answer = { kind: 'answer', failure: failureOf(error, this.#setup.files.journal) }
    }
    // Whoever waits for it hears first what happened before.
    tellAll()
    this.#port.postMessage(answer)
    this.#wake()
  }

  #wake(): void {
    Atomics.add(this.#setup.signal, 0, 1)
    Atomics.notify(this.#setup.signal, 0)
  }
}

/** Bytes come as plain arrays. */
function packedIn({ number, first, last, at, bytes, entriesBytes }: CommitOrder): PackedSegment {
  const both = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  return {
    number,
    first,
    last,
    at,
    entries: both.subarray(0, entriesBytes),
    records: both.subarray(entriesBytes),
  }
}

function tellAll(): void {
  for (const { port, message } of reports.splice(0)) port.postMessage(message)
}

/** Between two slices whatever has come is obeyed, of whichever journal. */
function settleLater(journal: WrittenJournal): void {
  restless.add(journal)
  if (isSettling) return
  isSettling = true
  setImmediate(settleInTurn)
}

function settleInTurn(): void {
  const [next] = restless
  if (next === undefined) {
    isSettling = false
    return
  }
  restless.delete(next)
  if (next.work()) restless.add(next)
  setImmediate(settleInTurn)
}

function open(setup: ThreadSetup): void {
  try {
    new WrittenJournal(setup)
  } catch (error) {
    const { files, port, signal } = setup
    port.postMessage({ kind: 'failed', failure: failureOf(error, files.journal) } satisfies Message)
    Atomics.add(signal, 0, 1)
    Atomics.notify(signal, 0)
    port.close()
  }
}

parentPort!.on('message', open)
