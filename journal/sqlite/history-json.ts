/** Entries as people read them with the `sqlite3` shell: what the view `history` is made of. */
import { toJson } from '../../actors/codec.js'
import type { ActorEvent, Command } from '../../actors/command.js'
import type { JournalEntry } from '../../actors/commit.js'

/** `[seq, position, at, kind, outcome, event, value, error]` */
export function entryJson(entry: JournalEntry): string {
  const { seq, position, at, command, outcome, value, error } = entry
  const shownValue = value === undefined ? 'null' : toJson(value)
  const shownError = error === undefined ? 'null' : toJson(error)
  return `[${seq},${position},${at},"${command.kind}","${outcome}",${toJson(shownEvent(command))},${shownValue},${shownError}]`
}

/** A command as an event; one that is not the actor's own has a type that begins with `$`. */
function shownEvent(command: Command): ActorEvent {
  switch (command.kind) {
    case 'message':
      return command.event
    case 'start':
      return { type: '$start', input: command.input }
    case 'result':
      return { type: '$result', id: command.token.id, attempt: command.token.attempt, ...command.outcome }
    case 'timer':
      return { type: '$timer', timer: command.timer }
    case 'operator':
      return { ...command.order, type: `$${command.order.type}` }
  }
}
