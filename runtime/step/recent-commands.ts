/**
 * The command ids an actor remembers: the same id again is answered with what came of it the first time.
 * Only what comes from outside is remembered, results that somebody elsewhere tells among it; what comes from inside is
 * known by its token or its commit.
 */
import type { Command } from '../../actors/command.js'
import { payloadHash } from '../../actors/digest.js'
import { type ErrorValue, IdConflictError } from '../../actors/errors.js'
import type { RecentCommand } from '../../actors/record.js'
import type { Application } from './application.js'
import { isOrderFromOutside } from './apply-order.js'
import type { Draft } from './draft.js'
import type { Life } from './life.js'

/** Adds the command to those its actor remembers; the oldest go. */
export function remember(draft: Draft, command: Command, error: ErrorValue | undefined): void {
  if (command.sender !== undefined || !isFromOutside(command)) return
  const since = draft.at - draft.limits.recentCommandAgeMsMax
  const { commandId } = command
  // Of a command that is stepped again the last outcome counts.
  const young = draft.recent.filter(one => one.at >= since && one.commandId !== commandId)
  const tooMany = young.length + 1 - draft.limits.recentCommandsMax
  if (tooMany > 0) young.splice(0, tooMany)
  young.push(recentOf(draft, command, error))
  draft.recent = young
}

function recentOf(draft: Draft, command: Command, error: ErrorValue | undefined): RecentCommand {
  const { commandId } = command
  const { seq, position, at, handled } = draft
  const payload = payloadOf(command)
  const recent: RecentCommand =
    command.kind === 'start'
      ? { commandId, payload, seq, position, at, handled, created: true }
      : { commandId, payload, seq, position, at, handled }
  return error === undefined ? recent : { ...recent, error }
}

function isFromOutside(command: Command): boolean {
  const { kind } = command
  return kind === 'start' || kind === 'message' || kind === 'result' || isOrderFromOutside(command)
}

function payloadOf(command: Command): string {
  if (command.kind === 'start') return payloadHash(['start', command.input])
  if (command.kind === 'message') return payloadHash(['message', command.event, command.delayMs])
  if (command.kind === 'result') return payloadHash(['result', command.outcome])
  return payloadHash(command.kind === 'operator' ? ['operator', command.order] : [command.kind])
}

/** What to answer when the actor has applied this id before. @returns undefined when it has not */
export function repetition(before: Life, command: Command): Application | undefined {
  if (command.sender !== undefined || command.redriven !== undefined || !isFromOutside(command))
    return undefined
  const recent = before.record.recent.find(one => one.commandId === command.commandId)
  if (recent === undefined) return undefined
  if (recent.payload === payloadOf(command)) return { kind: 'repeated', recent }
  // Another result of that attempt: whether one still counts is for its token to say.
  if (command.kind === 'result') return undefined
  return { kind: 'refused', error: new IdConflictError(before.record.address, command.commandId) }
}
