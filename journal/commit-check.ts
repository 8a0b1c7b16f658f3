/** What every implementation asks of a commit before it takes it. */
import type { Address } from '../actors/address.js'
import type { Commit } from '../actors/commit.js'

/** @throws Error when it is no commit that may follow `position`: the engine's mistake, nothing is written. */
export function checkCommit(commit: Commit, position: number, hasLetter: (id: string) => boolean): void {
  if (commit.first !== position + 1)
    throw new Error(`a commit begins at position ${commit.first}: expected ${position + 1}`)
  const recorded = new Set<Address>()
  for (const { record } of commit.records) recorded.add(record.address)
  for (let index = 0; index < commit.entries.length; index++) {
    const entry = commit.entries[index]!
    if (entry.position !== commit.first + index)
      throw new Error(`entry ${index} has position ${entry.position}: expected ${commit.first + index}`)
    if (!recorded.has(entry.address))
      throw new Error(
        `the commit at position ${commit.first} has an entry of ${entry.address}, but no record of it`,
      )
  }
  const settled = new Set<string>()
  for (const { id } of commit.settledLetters) {
    if (settled.has(id) || !hasLetter(id))
      throw new Error(
        `the commit at position ${commit.first} settles dead letter '${id}', which is not there`,
      )
    settled.add(id)
  }
}
