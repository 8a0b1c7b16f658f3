/** The room's face: all that the runtime may import from here. */
export { restoreJournal } from './backup/backup.js'
export type { Holder } from './files/hold.js'
export { MemoryJournal } from './memory-journal.js'
export { statePaths } from './query.js'
export type { Damage } from './sqlite/actor-table.js'
export type { Durability } from './sqlite/database.js'
export { openJournal, type ReaderOptions, type WriterOptions } from './sqlite/open.js'
export type { SqliteJournal } from './sqlite/sqlite-journal.js'
