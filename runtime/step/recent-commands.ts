/**
 * The command ids an actor remembers: the same id again is answered with what came of it the first time.
 * Only what comes from outside is remembered; what comes from inside is known by its token or its commit.
 */
import type { Command } from '../../actors/command.js'
import { payloadHash } from '../../actors/digest.js'
import { type ErrorValue, IdConflictError } from '../../actors/errors.js'
import type { RecentCommand } from '../../actors/record.js'
import type { Application } from './application.js'
import type { Draft } from './draft.js'
import type { Life } from './life.js'

/** Adds the command to those its actor remembers; the oldest go. */
export function remember(draft: Draft, command: Command, error: ErrorValue | undefined): void {
  if (command.sender !== undefined || !isFromOutside(command)) return
  const since = draft.at - draft.limits.recentCommandAgeMsMax
  // Of a command that is stepped again the last outcome counts.
  const young = draft.recent.filter(one => one.at >= since && one.commandId !== command.commandId)
  const kept = young.slice(Math.max(0, young.length + 1 - draft.limits.recentCommandsMax))
  const recent: RecentCommand = {
    commandId: command.commandId,
    payload: payloadOf(command),
    seq: draft.seq,
    position: draft.position,
    at: draft.at,
    handled: draft.handled,
    ...(error === undefined ? {} : { error }),
    ...(command.kind === 'start' ? { created: true } : {}),
  }
  draft.recent = [...kept, recent]
}

function isFromOutside(command: Command): boolean {
  return (
    command.kind === 'start' ||
    command.kind === 'message' ||
    (command.kind === 'operator' && command.order.type === 'terminate')
  )
}

function payloadOf(command: Command): string {
  if (command.kind === 'start') return payloadHash(['start', command.input])
  if (command.kind === 'message') return payloadHash(['message', command.event, command.delayMs])
  return payloadHash(command.kind === 'operator' ? ['operator', command.order] : [command.kind])
}

/** What to answer when the actor has applied this id before. @returns undefined when it has not */
export function repetition(before: Life, command: Command): Application | undefined {
  if (command.sender !== undefined || command.redriven !== undefined || !isFromOutside(command))
    return undefined
  const recent = before.record.recent.find(one => one.commandId === command.commandId)
  if (recent === undefined) return undefined
  if (recent.payload !== payloadOf(command))
    return { kind: 'refused', error: new IdConflictError(before.record.address, command.commandId) }
  return { kind: 'repeated', recent }
}
