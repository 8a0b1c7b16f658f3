/**
 * What a step's outcome is to those who wait for it, in their words.
 */
import type { Address } from '../../actors/address.js'
import { toErrorValue } from '../../actors/codec.js'
import type { Command, InvocationToken, OperatorOrder, ResultCommand } from '../../actors/command.js'
import {
  AttemptOverError,
  type ErrorValue,
  NotBornError,
  PerdureError,
  StepFailedError,
  UnavailableError,
} from '../../actors/errors.js'
import type { Answer, AppliedCommand, Delivery } from '../../actors/inbox.js'
import type { Application, Applied } from '../step/application.js'
import { carried } from '../step/carried-trace.js'
import { type Life, snapshotOf } from '../step/life.js'

/** Not a failed step: the actor's code or record is not to be had. */
export function refusedBy(error: unknown, address: Address): Application {
  const refusal =
    error instanceof PerdureError ? error : new UnavailableError(toErrorValue(error).message, address, false)
  return { kind: 'refused', error: refusal }
}

/** What a step that was taken answers whoever sent its command. */
export function answerTo(application: Applied): Answer {
  const { entry, life } = application
  if (entry.outcome === 'failed')
    return { ok: false, error: new StepFailedError(entry.address, entry.seq, entry.error!.message) }
  return {
    ok: true,
    applied: {
      commandId: entry.command.commandId,
      position: entry.position,
      seq: entry.seq,
      version: life.record.version,
      at: entry.at,
      state: life.record.state,
      duplicate: false,
      handled: entry.outcome === 'applied',
      created: entry.command.kind === 'start',
      snapshot: snapshotOf(life),
    },
  }
}

/** What a command that changed nothing is answered with: its actor as it is. */
export function seenBy({ commandId }: Command, life: Life): AppliedCommand {
  const { position, seq, version, at, state } = life.record
  return {
    commandId,
    position,
    seq,
    version,
    at,
    state,
    duplicate: false,
    handled: true,
    created: false,
    snapshot: snapshotOf(life),
  }
}

const OF_THE_ENGINE: ReadonlySet<OperatorOrder['type']> = new Set([
  'attempt',
  'recover',
  'away',
  'gone',
  'handOff',
])

/** What the actor's record will ask for again by itself: no letter need hold it. */
export function isInRecord(command: Command): boolean {
  if (command.kind === 'timer') return true
  return command.kind === 'operator' && OF_THE_ENGINE.has(command.order.type)
}

/** Whether nobody is told when it is refused. Of one that was begun before its process died somebody waited there, or it says so. */
export function isUnheard(command: Command, delivery: Delivery | undefined): boolean {
  if (command.sender !== undefined) return true
  if (delivery !== undefined) return delivery.isUnheard === true
  return command.attempts === undefined || command.unheard === true
}

/** What is said of a command that nothing waits for. What somebody elsewhere says of an attempt does not count then. */
export function unmoved(command: Command, life: Life | undefined): Answer {
  if (life === undefined) return { ok: false, error: new NotBornError(command.target) }
  const token = attemptOf(command)
  if (token !== undefined) return { ok: false, error: new AttemptOverError(command.target, token.attempt) }
  return { ok: true, applied: seenBy(command, life) }
}

function attemptOf(command: Command): InvocationToken | undefined {
  if (command.kind === 'result') return command.token
  return command.kind === 'operator' && command.order.type === 'beat' ? command.order.token : undefined
}

/** Word to the asker whose question nobody will answer. */
export function refusal(
  target: Address,
  command: Extract<Command, { kind: 'message' }>,
  error: ErrorValue,
): ResultCommand {
  return {
    kind: 'result',
    commandId: `${command.commandId}.refused`,
    sender: command.target,
    target,
    ...(command.at === undefined ? {} : { at: command.at }),
    ...carried(command.trace),
    token: command.ask!.replyTo,
    outcome: { status: 'error', error, retry: false },
  }
}
