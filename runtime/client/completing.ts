/**
 * What somebody elsewhere says of an attempt, as a command to its actor: its result, or that it lives.
 */
import { readAttemptToken } from '../../actors/attempt-token.js'
import type { Command, Outcome } from '../../actors/command.js'
import { AttemptOverError, InvalidEventError } from '../../actors/errors.js'
import type { AppliedCommand } from '../../actors/inbox.js'
import type { CompleteRequest } from '../api/api.js'
import { idempotencyKeyOf } from '../dispatch/attempt.js'
import { admitPayload } from './door.js'
import type { ActorService } from './service.js'

/**
 * The same result again is the same command, since its answer may have been lost: as long as the actor remembers its id, it
 * is answered as the first time.
 * @throws InvalidKeyError, InvalidEventError, TooLargeError, AttemptOverError
 */
export async function completed(service: ActorService, request: CompleteRequest): Promise<AppliedCommand> {
  const token = readAttemptToken(request.token)
  const outcome = outcomeOf(token.actor, request, service)
  const commandId = `${idempotencyKeyOf(token)}.done.${token.attempt}`
  return counted(service, { kind: 'result', commandId, target: token.actor, token, outcome }, token.attempt)
}

/** @throws InvalidKeyError, TooLargeError, AttemptOverError */
export async function beaten(
  service: ActorService,
  request: { readonly token: string; readonly details?: unknown },
): Promise<AppliedCommand> {
  const token = readAttemptToken(request.token)
  const { details } = request
  const told =
    details === undefined
      ? {}
      : { details: admitPayload(token.actor, 'the details of a heartbeat', details, service.limits) }
  return counted(
    service,
    {
      kind: 'operator',
      commandId: service.mintId(),
      target: token.actor,
      order: { type: 'beat', token, ...told },
    },
    token.attempt,
  )
}

async function counted(service: ActorService, command: Command, attempt: number): Promise<AppliedCommand> {
  if ((await service.see(command.target)) === undefined) throw new AttemptOverError(command.target, attempt)
  return service.submit(command)
}

function outcomeOf(actor: string, { output, error }: CompleteRequest, { limits }: ActorService): Outcome {
  if (error === undefined) return { status: 'done', output: admitPayload(actor, 'a result', output, limits) }
  if (output !== undefined) throw new InvalidEventError(actor, 'an output or an error', 'both')
  if (typeof error !== 'object' || error === null || typeof error.message !== 'string')
    throw new InvalidEventError(actor, "an error with a text as its 'message'", typeof error)
  const { message, name = 'Error', code, details, retry = true } = error
  if (
    typeof name !== 'string' ||
    !['string', 'undefined'].includes(typeof code) ||
    typeof retry !== 'boolean'
  )
    throw new InvalidEventError(
      actor,
      "texts as an error's name and code, and 'retry' as true or false",
      'others',
    )
  const more = { ...(code === undefined ? {} : { code }), ...(details === undefined ? {} : { details }) }
  const value = admitPayload(actor, 'an error', { name, message, ...more }, limits)
  return { status: 'error', error: value as typeof error & { name: string }, retry }
}
