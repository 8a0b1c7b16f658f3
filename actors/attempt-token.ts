/**
 * An attempt's name as one piece of text, for whoever completes it elsewhere: fit for a URL and for a subject of NATS. A
 * name and no secret: who may complete is for the doors to say.
 */
import { rootOf } from './address.js'
import type { InvocationToken } from './command.js'
import { InvalidKeyError } from './errors.js'

export function attemptToken(token: InvocationToken): string {
  const { actor, incarnation, id, epoch, task, attempt } = token
  return Buffer.from(JSON.stringify([actor, incarnation, id, epoch, task, attempt])).toString('base64url')
}

/** @throws InvalidKeyError for what names no attempt. */
export function readAttemptToken(text: string): InvocationToken {
  const [actor, incarnation, id, epoch, task, attempt] = listIn(text)
  const numbers = [incarnation, epoch, task, attempt]
  const isToken = typeof actor === 'string' && typeof id === 'string' && numbers.every(Number.isSafeInteger)
  const token = { actor, incarnation, id, epoch, task, attempt } as InvocationToken
  // Written in one way only: what a slip of the pen made of it names nothing.
  if (!isToken || !rootOf(token.actor).includes('/') || attemptToken(token) !== text)
    throw new InvalidKeyError('attempt token', 'the token an activity was given', `'${text.slice(0, 64)}'`)
  return token
}

function listIn(text: string): readonly unknown[] {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'))
    return Array.isArray(value) ? value : []
  } catch {
    return []
  }
}
