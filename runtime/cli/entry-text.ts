/** A line of an actor's history for people. */
import type { Command } from '../../actors/command.js'
import type { JournalEntry } from '../../actors/commit.js'
import { shownEvent } from '../../actors/shown-event.js'
import { shownState, shownTime, shownValue } from './shown.js'

export const entryLineHead = line('entry', 'time', 'state', 'event')

export function entryLine(entry: JournalEntry): string {
  const { seq, at, command, value } = entry
  return line(
    String(seq),
    shownTime(at),
    value === undefined ? '' : shownState(value),
    `${shownEvent(command).type}${detail(command)}${outcome(entry)}`,
  )
}

/** The event comes last: it is what may be long. */
function line(seq: string, time: string, state: string, event: string): string {
  return `${seq.padStart(5)}  ${time.padEnd(20)}  ${state.padEnd(24)}  ${event}`.trimEnd()
}

function outcome({ outcome, error }: JournalEntry): string {
  if (outcome === 'failed') return `  FAILED: ${error?.message ?? 'no reason is known'}`
  if (outcome === 'held') return '  (held: quarantined)'
  return outcome === 'unhandled' ? '  (not handled)' : ''
}

function detail(command: Command): string {
  switch (command.kind) {
    case 'start':
      return command.input === undefined ? '' : ` ${shownValue(command.input)}`
    case 'message': {
      const { type: _, ...fields } = command.event
      return Object.keys(fields).length === 0 ? '' : ` ${shownValue(fields)}`
    }
    case 'result': {
      const { token, outcome } = command
      const attempt = token.attempt > 1 ? ` attempt ${token.attempt}` : ''
      return ` ${token.id}${attempt} ${outcome.status} ${shownOutcome(outcome)}`.trimEnd()
    }
    case 'timer':
      return ` ${command.timer}`
    case 'operator': {
      const { type: _, ...rest } = command.order
      return Object.keys(rest).length === 0 ? '' : ` ${shownValue(rest)}`
    }
  }
}

function shownOutcome(outcome: (Command & { kind: 'result' })['outcome']): string {
  if (outcome.status === 'done') return shownValue(outcome.output)
  return outcome.status === 'error' ? `${outcome.error.name}: ${outcome.error.message}` : ''
}
