/** Entries as people read them with the `sqlite3` shell: what the view `history` is made of. */
import { toJson } from '../../../actors/codec.js'
import type { JournalEntry } from '../../../actors/commit.js'
import { shownEvent } from '../../../actors/shown-event.js'

/** `[seq, position, at, kind, outcome, event, value, error]` */
export function entryJson(entry: JournalEntry): string {
  const { seq, position, at, command, outcome, value, error } = entry
  const shownValue = value === undefined ? 'null' : toJson(value)
  const shownError = error === undefined ? 'null' : toJson(error)
  return `[${seq},${position},${at},"${command.kind}","${outcome}",${toJson(shownEvent(command))},${shownValue},${shownError}]`
}
