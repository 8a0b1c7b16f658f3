/**
 * A process of its own on a journal, for tests that kill it: `node journal-child.js <path> hold|append [thread]`.
 * `hold` says `held` and stays; `append` appends commits without end and says each position once it is acknowledged.
 */
import { writeSync } from 'node:fs'
import { openJournal } from '../../journal/index.js'
import { CommitMaker } from './journal-commits.js'

const [path = '', job = '', writer = ''] = process.argv.slice(2)
const journal = openJournal({
  path,
  holder: { pid: process.pid, host: 'here', since: 0, program: 'journal-child' },
  ownThread: writer === 'thread',
  // Small bounds, so that a kill meets settling and checkpoints as well.
  limits: { unsettledSegmentsMax: 8, walBytesMax: 256 * 1024 },
})
const say = (line: string) => writeSync(1, `${line}\n`)

if (job === 'hold') {
  say('held')
  setInterval(() => {}, 60_000)
} else {
  const maker = new CommitMaker(journal.position)
  for (let round = 0; ; round++) {
    const keys = Array.from(
      { length: 1 + (round % 20) },
      (_, index) => `order/${process.pid}-${(round * 7 + index) % 50}`,
    )
    await journal.append(maker.make(keys.map(address => ({ address, persistSnapshot: round % 5 === 0 }))))
    say(String(journal.position))
    if (round % 37 === 36) journal.settle()
  }
}
