/**
 * What came of a command, as bytes for the subject its sender waits on; and back. Between members and our own clients:
 * all of it, in our stored form. What the public wire shows is made of it elsewhere.
 */
import { decode, encode, toErrorValue } from '../../actors/codec.js'
import { PerdureError, UnavailableError } from '../../actors/errors.js'
import type { Answer, AppliedCommand, LetterReceipt } from '../../actors/inbox.js'
import type { ActorSnapshot } from '../../actors/logic.js'
import { errorTold, type ToldError, toldOf } from '../../actors/told-error.js'

type Reply =
  | { readonly ok: true; readonly applied: AppliedCommand }
  | { readonly ok: true; readonly letter: LetterReceipt }
  | { readonly ok: false; readonly error: ToldError }

/** Never throws: what cannot be written down is told as that. */
export function answerBytes(answer: Answer): Uint8Array {
  try {
    return encode(replyOf(answer))
  } catch (error) {
    const { message } = toErrorValue(error)
    const untold = new UnavailableError(`the answer cannot be written down: ${message}`, undefined, false)
    return encode({ ok: false, error: toldOf(untold) })
  }
}

/** Never throws: bytes that are no answer are answered as that. The snapshot is data, without what its logic adds. */
export function readAnswer(bytes: Uint8Array): Answer {
  try {
    const reply = decode(bytes) as Reply
    if (reply.ok === true) return reply
    const error = errorTold(reply.error)
    if (error instanceof PerdureError) return { ok: false, error }
    throw new Error(`an error of code '${reply.error.code}'`)
  } catch (error) {
    const { message } = toErrorValue(error)
    return { ok: false, error: new UnavailableError(`expected an answer of a member, found ${message}`) }
  }
}

function replyOf(answer: Answer): Reply {
  if (!answer.ok) return { ok: false, error: toldOf(answer.error) }
  if ('letter' in answer) return answer
  const { applied } = answer
  return { ok: true, applied: { ...applied, snapshot: plain(applied.snapshot) } }
}

/** An XState snapshot is more than its data. */
function plain({ value, context, status, output, error, tags }: ActorSnapshot): ActorSnapshot {
  return { value, context, status, output, error, tags: new Set(tags) }
}
