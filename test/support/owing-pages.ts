/** All that a journal says of who owes work, read in pages of a size. */
import type { Journal, StoredRecord } from '../../actors/journal.js'

export function owingPages(journal: Pick<Journal, 'owing'>, size = 100): StoredRecord[][] {
  const cursor = journal.owing()
  const pages: StoredRecord[][] = []
  for (;;) {
    const page = cursor.next(size)
    if (page.length === 0) return pages
    pages.push([...page])
  }
}

export function owingAddresses(journal: Pick<Journal, 'owing'>): string[] {
  return owingPages(journal)
    .flat()
    .map(({ record }) => record.address)
}
