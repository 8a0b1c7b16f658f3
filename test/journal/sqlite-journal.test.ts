import { journalContract } from '../contracts/journal.contract.js'
import { openForTest, temporaryDirectory } from '../support/journal-files.js'

let remove = () => {}
const dispose = () => remove()

function open(limits?: Parameters<typeof openForTest>[1]) {
  const directory = temporaryDirectory()
  remove = directory.remove
  return openForTest(directory.path, limits)
}

journalContract('SqliteJournal', { open: () => open(), dispose })

// Every commit settles a share of the one before, so that each question meets all stages at once.
journalContract('SqliteJournal, settling all the time', {
  open: () => open({ limits: { unsettledSegmentsMax: 2, walBytesMax: 1 } }),
  dispose,
})
