/**
 * What those are told whose commands will not be answered, and why.
 */
import { toErrorValue } from '../../actors/codec.js'
import { UnavailableError } from '../../actors/errors.js'
import type { Delivery } from '../../actors/inbox.js'
import type { Taken } from '../inbox/command-sources.js'

export const REFUSALS = {
  stopping: 'the runtime is stopping',
  stopped: 'the runtime has stopped',
  failed: 'the journal failed; the runtime must be restarted',
}

export function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(toErrorValue(error).message)
}

export function deliveriesOf(taken: readonly Taken[]): readonly Delivery[] {
  return taken.flatMap(one => one.delivery ?? [])
}

/** Said of a command that is durable, while its outcome may not be. */
export const UNANSWERED = 'the runtime ended; the command may be applied all the same: ask again with its id'

export function commitFailed(error: unknown): string {
  return `the commit failed: ${toErrorValue(error).message}`
}

export function refuse(deliveries: readonly Delivery[], reason: string): void {
  for (const delivery of deliveries)
    delivery.settle({ ok: false, error: new UnavailableError(reason, delivery.command.target) })
}
