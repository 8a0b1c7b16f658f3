/** What came back over the wire, as a result or as the error it was on the other side. */
import { decode } from '../../actors/codec.js'
import { type PerdureError, type SetupError, UnavailableError } from '../../actors/errors.js'
import { errorTold } from '../../actors/told-error.js'
import { MSGPACK } from '../http/routes.js'
import type { WireReply } from './connection.js'

/** @throws PerdureError, SetupError what the other side says, or `Unavailable` when it is no runtime of ours. */
export function answered(reply: WireReply): Record<string, unknown> {
  const value = read(reply)
  if (value.ok === true) return value
  throw errorIn(value, reply.status)
}

/** The error that a body holds. */
export function errorIn(value: unknown, status?: number): PerdureError | SetupError {
  const { error } = (value ?? {}) as { error?: unknown }
  return errorTold(error) ?? unlike(`status ${status} and no error of ours`)
}

function read({ status, type, body }: WireReply): Record<string, unknown> {
  try {
    const value: unknown = type === MSGPACK ? decode(body) : JSON.parse(Buffer.from(body).toString('utf8'))
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>
  } catch {
    throw unlike(`status ${status} and ${body.length} bytes of ${type || 'no type'} that cannot be read`)
  }
  throw unlike(`status ${status} and a bare value`)
}

function unlike(found: string): UnavailableError {
  return new UnavailableError(
    `what listens on the control socket answers unlike a runtime of this version: found ${found}`,
    undefined,
    false,
  )
}
