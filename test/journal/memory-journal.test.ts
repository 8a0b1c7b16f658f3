import { MemoryJournal } from '../../journal/index.js'
import { journalContract } from '../contracts/journal.contract.js'

journalContract('MemoryJournal', { open: () => new MemoryJournal(), dispose: () => {} })
