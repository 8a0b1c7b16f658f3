/** Writing in the thread that asks: everything is done, and told, before a call returns. */
import type { JournalPlace } from '../../journal-place.js'
import type { PackedSegment } from '../../segment/segment.js'
import { translating } from '../database.js'
import type { Errand, Writing } from './orders.js'
import { Writer, type WriterSite } from './writer.js'

export class DirectWriting implements Writing {
  readonly #journal: string
  readonly #writer: Writer

  constructor(site: WriterSite) {
    this.#journal = site.journal
    this.#writer = new Writer(site)
  }

  commit(segment: PackedSegment, place: JournalPlace | undefined): void {
    this.#do(() => this.#writer.commit([segment], place))
  }

  /** Nothing waits. */
  write(): void {}

  settle(): void {
    this.#do(() => {
      this.#writer.settle()
      while (this.#writer.work());
    })
  }

  run(errand: Errand): number {
    return this.#do(() => this.#writer.run(errand))
  }

  close(then: () => void): void {
    try {
      this.#do(() => this.#writer.close())
    } finally {
      then()
    }
  }

  #do<T>(work: () => T): T {
    return translating(this.#journal, work)
  }
}
