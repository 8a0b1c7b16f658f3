/** Commands as people read them: in a history, in a list of dead letters. */
import type { ActorEvent, Command } from './command.js'

/** A command as an event; one that is not the actor's own has a type that begins with `$`. */
export function shownEvent(command: Command): ActorEvent {
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
