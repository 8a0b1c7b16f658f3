/**
 * Where a demo's commands come from: a file of records, or the generator. Counts each order's records, which
 * is how commands get their ids; the same source twice gives the same commands.
 */
import { createReadStream, statSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { InvalidEventError } from '../../actors/errors.js'
import { generateOrders } from './order-generator.js'
import { commandOf, type OrderCommand, type OrderRecord, parseRecord } from './order-record.js'

export interface OrderSource {
  /** In order of time. @throws InvalidEventError that names the line, when one is no record. */
  commands(): AsyncGenerator<OrderCommand>
  /** How much of it has been read, from 0 to 1. */
  readonly progress: number
  /** How many records each order had so far. */
  readonly counts: ReadonlyMap<string, number>
  /** What it is, for people. */
  readonly title: string
}

abstract class CountingSource implements OrderSource {
  readonly counts = new Map<string, number>()
  abstract readonly progress: number
  abstract readonly title: string

  protected abstract records(): AsyncGenerator<OrderRecord> | Generator<OrderRecord>

  async *commands(): AsyncGenerator<OrderCommand> {
    for await (const record of this.records()) {
      const nth = (this.counts.get(record.order_id) ?? 0) + 1
      this.counts.set(record.order_id, nth)
      yield commandOf(record, nth)
    }
  }
}

/** Records in a file, one JSON object a line. */
export class FileSource extends CountingSource {
  readonly title: string
  readonly #path: string
  readonly #bytes: number
  #bytesRead = 0

  constructor(path: string) {
    super()
    const stats = statSync(path)
    if (stats.isDirectory()) throw new InvalidEventError(path, 'a file of records', 'a directory')
    this.#path = path
    this.#bytes = stats.size
    this.title = path
  }

  get progress(): number {
    return this.#bytes === 0 ? 1 : Math.min(1, this.#bytesRead / this.#bytes)
  }

  protected async *records(): AsyncGenerator<OrderRecord> {
    let lineNumber = 0
    for await (const line of createInterface({ input: createReadStream(this.#path, 'utf8') })) {
      lineNumber++
      this.#bytesRead += Buffer.byteLength(line) + 1
      if (line.trim() !== '') yield parseRecord(line, `${this.#path}:${lineNumber}`)
    }
  }
}

/** Orders made up from a seed. */
export class GeneratedSource extends CountingSource {
  readonly title: string
  readonly #orders: number
  readonly #seed: number

  constructor(orders: number, seed: number) {
    super()
    this.#orders = orders
    this.#seed = seed
    this.title = `${orders.toLocaleString('en')} generated orders, seed ${seed}`
  }

  get progress(): number {
    return this.#orders === 0 ? 1 : this.counts.size / this.#orders
  }

  protected records(): Generator<OrderRecord> {
    return generateOrders(this.#orders, this.#seed)
  }
}
