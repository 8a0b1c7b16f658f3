/**
 * What came of a command, as bytes for the subject its sender waits on; and back. Between members and our own clients:
 * all of it, in our stored form. What the public wire shows is made of it elsewhere.
 */
import { toErrorValue } from '../../actors/codec.js'
import { PerdureError, UnavailableError } from '../../actors/errors.js'
import type { Answer, AppliedCommand, LetterReceipt } from '../../actors/inbox.js'
import type { ActorSnapshot } from '../../actors/logic.js'
import { errorTold, type ToldError, toldOf } from '../../actors/told-error.js'
import { packFrame, readFrame } from './state-frame.js'

/** What a list of an answer begins with. */
const APPLIED = 1
const LETTER = 2
const ERROR = 3

const DUPLICATE = 1
const HANDLED = 2
const CREATED = 4

/** The user's own values, by name so that what cannot be written down is told by its place; absent where undefined. */
type Shown = Partial<Pick<ActorSnapshot, 'value' | 'context' | 'output' | 'error'>>

/** Never throws: what cannot be written down is told as that. */
export function answerBytes(answer: Answer): Uint8Array {
  try {
    if (!answer.ok) return packFrame([ERROR, toldOf(answer.error)])
    return 'letter' in answer ? packFrame([LETTER, answer.letter]) : appliedBytes(answer.applied)
  } catch (error) {
    const { message } = toErrorValue(error)
    const untold = new UnavailableError(`the answer cannot be written down: ${message}`, undefined, false)
    return packFrame([ERROR, toldOf(untold)])
  }
}

/** Never throws: bytes that are no answer are answered as that. The snapshot is data, without what its logic adds. */
export function readAnswer(bytes: Uint8Array): Answer {
  try {
    const { head, state } = readFrame(bytes)
    const [kind, ...facts] = head as [number, ...unknown[]]
    if (kind === APPLIED) return { ok: true, applied: appliedIn(facts, state) }
    if (kind === LETTER) return { ok: true, letter: facts[0] as LetterReceipt }
    const { code } = facts[0] as ToldError
    const error = errorTold(facts[0])
    if (error instanceof PerdureError) return { ok: false, error }
    throw new Error(`an error of code '${code}'`)
  } catch (error) {
    const { message } = toErrorValue(error)
    return { ok: false, error: new UnavailableError(`expected an answer of a member, found ${message}`) }
  }
}

/** An XState snapshot is more than its data. */
function appliedBytes(applied: AppliedCommand): Uint8Array {
  const { commandId, position, seq, version, at, state, durability, duplicate, handled, created } = applied
  const { value, context, status, output, error, tags } = applied.snapshot
  const flags = (duplicate ? DUPLICATE : 0) + (handled ? HANDLED : 0) + (created ? CREATED : 0)
  const shown: Record<string, unknown> = {}
  if (value !== undefined) shown.value = value
  if (context !== undefined) shown.context = context
  if (output !== undefined) shown.output = output
  if (error !== undefined) shown.error = error
  const head: unknown[] = [APPLIED, commandId, position, seq, version, at, flags, status, [...tags], shown]
  if (durability !== undefined) head.push(durability)
  return packFrame(head, state)
}

function appliedIn(facts: readonly unknown[], state: Uint8Array): AppliedCommand {
  const [commandId, position, seq, version, at, flags, status, tags, shown, durability] = facts as [
    string,
    number,
    number,
    string,
    number,
    number,
    ActorSnapshot['status'],
    readonly string[],
    Shown,
    AppliedCommand['durability'] | undefined,
  ]
  const { value, context, output, error } = shown
  return {
    commandId,
    position,
    seq,
    version,
    at,
    state,
    duplicate: (flags & DUPLICATE) !== 0,
    handled: (flags & HANDLED) !== 0,
    created: (flags & CREATED) !== 0,
    snapshot: { value, context, status, output, error, tags: new Set(tags) },
    ...(durability === undefined ? {} : { durability }),
  }
}
