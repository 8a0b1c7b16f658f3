/**
 * An entry as a line for programs: who did what to whom, when, and what came of it. One JSON object,
 * its names stable; times are ISO 8601, UTC.
 */
import type { Address } from '../../actors/address.js'
import type { Command } from '../../actors/command.js'
import type { JournalEntry } from '../../actors/commit.js'
import type { ErrorValue } from '../../actors/errors.js'
import { shownEvent } from '../../actors/shown-event.js'

export interface HistoryLine {
  readonly id: Address
  readonly seq: number
  /** The event's type; what is no event of the actor's own begins with `$`. */
  readonly type: string
  /** `client`, `timer`, `operator`, `actor <id>`, or `invocation <id>` for what an activity or child answered. */
  readonly agent: string
  readonly payload: unknown
  readonly timestamp: string
  readonly outcome: JournalEntry['outcome']
  /** The state's value after it, where that changed. */
  readonly state: unknown
  readonly error: ErrorValue | undefined
  readonly commandId: string
  readonly position: number
}

export function historyLine({
  address,
  seq,
  position,
  at,
  command,
  outcome,
  value,
  error,
}: JournalEntry): HistoryLine {
  const { type, ...payload } = shownEvent(command)
  return {
    id: address,
    seq,
    type,
    agent: agentOf(command),
    payload,
    timestamp: new Date(at).toISOString(),
    outcome,
    state: value,
    error,
    commandId: command.commandId,
    position,
  }
}

function agentOf(command: Command): string {
  const { sender, target } = command
  // What an activity answered, an actor hands to itself.
  if (sender !== undefined && sender !== target) return `actor ${sender}`
  if (command.kind === 'result') return `invocation ${command.token.id}`
  return command.kind === 'timer' || command.kind === 'operator' ? command.kind : 'client'
}
