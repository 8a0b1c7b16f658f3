import { journalContract } from '../contracts/journal.contract.js'
import { isFull } from '../support/effort.js'
import { openForTest, temporaryDirectory, writers } from '../support/journal-files.js'

let remove = () => {}
const dispose = () => remove()

function open(options: Parameters<typeof openForTest>[1]) {
  const directory = temporaryDirectory()
  remove = directory.remove
  return openForTest(directory.path, options)
}

// Every test opens a journal, and a thread takes longer to start than the test: in a short run writer-thread.test.ts
// stands for it.
for (const { name, ownThread } of writers.slice(0, isFull ? undefined : 1)) {
  journalContract(`SqliteJournal, ${name}`, { open: () => open({ ownThread }), dispose })

  // Every commit settles a share of the one before, so that each question meets all stages at once.
  journalContract(`SqliteJournal, ${name}, settling all the time`, {
    open: () =>
      open({ ownThread, limits: { unsettledSegmentsMax: 2, settleSliceEntriesMax: 1, walBytesMax: 1 } }),
    dispose,
  })
}
