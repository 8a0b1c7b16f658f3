/**
 * Every failure a caller can meet, one class each. A message names the id, what was expected and what was
 * found; `code` is the stable word programs switch on; `retryable` says whether the same call may succeed
 * later without anything being mended.
 */

/** What went wrong with one request to one actor. */
export type RequestErrorCode =
  | 'NotFound'
  | 'AlreadyExists'
  | 'InvalidEvent'
  | 'NotHandled'
  | 'IdConflict'
  | 'Overloaded'
  | 'Timeout'
  | 'StepFailed'
  | 'Unavailable'

interface Facts {
  readonly actorId?: string | undefined
  readonly retryable?: boolean
  readonly details?: Readonly<Record<string, unknown>>
  readonly cause?: unknown
}

/** A request that was refused or failed. Nothing of it is half done. */
export class PerdureError extends Error {
  readonly code: RequestErrorCode
  readonly retryable: boolean
  /** The actor it was about, as written: `order/o-1`. */
  readonly actorId?: string
  readonly details?: Readonly<Record<string, unknown>>

  constructor(code: RequestErrorCode, message: string, facts: Facts = {}) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause })
    this.name = new.target.name
    this.code = code
    this.retryable = facts.retryable ?? false
    if (facts.actorId !== undefined) this.actorId = facts.actorId
    if (facts.details !== undefined) this.details = facts.details
  }
}

/** No definition of that type was given to this runtime. */
export class UnknownTypeError extends PerdureError {
  constructor(type: string, known: readonly string[]) {
    super(
      'NotFound',
      `no actor type '${type}' here: expected one of ${known.map(t => `'${t}'`).join(', ') || 'none'}`,
      {
        details: { type, known },
      },
    )
  }
}

/** A journal at rest has no actor of that type, and no definition of it is at hand. */
export class NoneOfTypeError extends PerdureError {
  constructor(type: string, found: readonly string[]) {
    super(
      'NotFound',
      `the journal has no actor of type '${type}': it has ${found.map(t => `'${t}'`).join(', ') || 'none at all'}`,
      { details: { type, found } },
    )
  }
}

/** The actor was never started, and its definition has no `create`. */
export class NotBornError extends PerdureError {
  constructor(actorId: string) {
    super('NotFound', `${actorId} was never started, and its definition has no 'create'`, { actorId })
  }
}

/** There is no state to show: the actor was never born, or not yet then, or that part of its history is gone. */
export class NoStateError extends PerdureError {
  constructor(actorId: string, atSeq?: number) {
    const then = atSeq === undefined ? '' : `, or nothing is kept of it as it was after entry ${atSeq}`
    super('NotFound', `${actorId} was never started${then}`, { actorId })
  }
}

/** The journal that was asked began with an image of its shard, which leaves history behind, and has nothing of it since. */
export class HistoryElsewhereError extends PerdureError {
  constructor(actorId: string, after: number, lastSeq: number, historyFrom: number) {
    super(
      'NotFound',
      `${actorId}: entries ${after + 1} to ${lastSeq} are not here: the journal of its shard began with an image, and has what came from position ${historyFrom} on; another member's, or a backup, may have them`,
      { actorId, details: { after, lastSeq, historyFrom } },
    )
  }
}

/** A state was asked for as it was after an entry that is not there yet. */
export class LaterEntryError extends PerdureError {
  constructor(actorId: string, atSeq: number, lastSeq: number) {
    super('NotFound', `${actorId} has no entry ${atSeq}: its last is ${lastSeq}`, {
      actorId,
      details: { atSeq, lastSeq },
    })
  }
}

/** No such dead letter: it never was, or was redriven or dropped. */
export class LetterNotFoundError extends PerdureError {
  constructor(id: string) {
    super('NotFound', `there is no dead letter '${id}': it never was, or it is settled`, {
      details: { letter: id },
    })
  }
}

/** Nobody waits for the attempt: it has its result, took too long and was tried again, or its invocation was left. */
export class AttemptOverError extends PerdureError {
  constructor(actorId: string, attempt: number) {
    super(
      'NotFound',
      `${actorId} does not wait for attempt ${attempt} of that activity any more: what came of it is void`,
      {
        actorId,
        details: { attempt, void: true },
      },
    )
  }
}

/** A type, key, child id or command id that cannot be one. */
export class InvalidKeyError extends PerdureError {
  constructor(what: string, expected: string, found: string, actorId?: string) {
    super('InvalidEvent', `bad ${what}: expected ${expected}, found ${found}`, {
      actorId,
      details: { what, expected, found },
    })
  }
}

/** An event, input or option that no actor may be given. */
export class InvalidEventError extends PerdureError {
  constructor(actorId: string, expected: string, found: string) {
    super('InvalidEvent', `${actorId}: expected ${expected}, found ${found}`, {
      actorId,
      details: { expected, found },
    })
  }
}

/** A payload, state or result over its limit. */
export class TooLargeError extends PerdureError {
  constructor(actorId: string, what: string, bytes: number, bytesMax: number) {
    super('InvalidEvent', `${actorId}: ${what} has ${bytes} bytes, at most ${bytesMax} are allowed`, {
      actorId,
      details: { what, bytes, bytesMax },
    })
  }
}

/** The actor's state has no transition for the event, and its definition says `unhandled: 'refuse'`. */
export class NotHandledError extends PerdureError {
  constructor(actorId: string, event: string, value: unknown) {
    super('NotHandled', `${actorId} does not handle '${event}' in state ${JSON.stringify(value)}`, {
      actorId,
      details: { event, value },
    })
  }
}

/** The same command id came before with another payload. */
export class IdConflictError extends PerdureError {
  constructor(actorId: string, commandId: string) {
    super('IdConflict', `${actorId}: command id '${commandId}' was used before with another payload`, {
      actorId,
      details: { commandId },
    })
  }
}

/** A bounded queue is full; nothing was taken. */
export class OverloadedError extends PerdureError {
  constructor(queue: string, max: number, actorId?: string) {
    super('Overloaded', `${queue} is full: ${max} are waiting already`, {
      actorId,
      retryable: true,
      details: { queue, max },
    })
  }
}

/** The wait ended before the answer. The command may still apply: ask again with the same id. */
export class TimeoutError extends PerdureError {
  constructor(actorId: string, what: string, timeoutMs: number, commandId?: string) {
    const again = commandId === undefined ? '' : `; ask again with id '${commandId}' to learn the outcome`
    super('Timeout', `${actorId}: ${what} took longer than ${timeoutMs} ms${again}`, {
      actorId,
      retryable: true,
      details: commandId === undefined ? { timeoutMs } : { timeoutMs, commandId },
    })
  }
}

/** The actor's own code failed on this command. Its state is as it was; the command is a dead letter. */
export class StepFailedError extends PerdureError {
  constructor(actorId: string, seq: number, reason: string) {
    super('StepFailed', `${actorId} failed on entry ${seq}: ${reason}`, { actorId, details: { seq, reason } })
  }
}

/** The actor rests by an operator's order, until it is released. Told elsewhere by `details.quarantined`, the reason. */
export class QuarantinedError extends PerdureError {
  constructor(actorId: string, reason: string) {
    super('Unavailable', `${actorId} is quarantined (${reason}): it takes nothing until it is released`, {
      actorId,
      details: { quarantined: reason },
    })
  }
}

/** The runtime cannot take the request now: it stops, lost its journal, or lacks the actor's version. */
export class UnavailableError extends PerdureError {
  constructor(reason: string, actorId?: string, retryable = true) {
    super('Unavailable', actorId === undefined ? reason : `${actorId}: ${reason}`, { actorId, retryable })
  }
}

/** Another member has committed to the shard: this one has lost it, and nothing more of its can become durable. */
export class FencedError extends PerdureError {
  readonly shard: number

  constructor(shard: number, holder: { readonly member: string; readonly epoch: number }, epoch: number) {
    super(
      'Unavailable',
      `shard ${shard}: expected to be its owner in epoch ${epoch}, found member '${holder.member}' in epoch ${holder.epoch}`,
      { retryable: true, details: { shard, epoch, holder } },
    )
    this.shard = shard
  }
}

/** A commit that no atomic batch of the cluster can hold. Nothing of it was written. */
export class CommitTooLargeError extends PerdureError {
  constructor(shard: number, what: string, found: number, max: number) {
    super('InvalidEvent', `shard ${shard}: a commit has ${found} ${what}, at most ${max} are allowed`, {
      details: { shard, what, found, max },
    })
  }
}

/** How a stream turned out not to be the one a position was taken in. */
export type LogMismatch =
  /** It ends before the position: it lost its tail, or an older store was restored. */
  | 'gone backwards'
  /** What stood there, or what came after it, is there no more. */
  | 'purged'
  /** Something else stands there: the stream was made anew. */
  | 'another stream'
  /** A commit says what changed of a state that is not the one the journal here has. */
  | 'another state'

/** A member's position in a stream does not hold any more; the shard must not go on from it. */
export class LogMismatchError extends Error {
  readonly kind: LogMismatch
  readonly details: Readonly<Record<string, unknown>>

  constructor(
    kind: LogMismatch,
    where: { readonly stream: string; readonly shard: number; readonly [fact: string]: unknown },
    expected: string,
    found: string,
  ) {
    super(`${where.stream}, shard ${where.shard}: ${kind}: expected ${expected}, found ${found}`)
    this.name = new.target.name
    this.kind = kind
    this.details = { ...where, expected, found }
  }
}

/** What keeps a runtime from starting, or a journal from being trusted. */
export type SetupErrorCode =
  | 'InvalidDefinition'
  | 'DirectoryHeld'
  | 'DirectoryUnwritable'
  /** A backup, or what is restored from one, goes into a new or empty directory. */
  | 'DirectoryNotEmpty'
  | 'JournalMissing'
  | 'JournalTooNew'
  | 'JournalTooOld'
  | 'JournalCorrupt'
  | 'JournalTruncated'
  | 'JournalFull'
  /** The thread that writes the journal ended, or does not answer. */
  | 'JournalFailed'
  /** SQLite's native module was not built when the package was installed. */
  | 'NativeModuleMissing'
  /** The inspector's server cannot listen where it was told to. */
  | 'PortTaken'
  /** A server of the cluster let nobody in, or speaks another TLS than it was told. */
  | 'ClusterRefused'
  /** A server of the cluster is too old, has no JetStream, or takes messages that are too small. */
  | 'ServerUnfit'
  /** A stream or bucket of the cluster is there and is not as it must be. */
  | 'StreamMismatch'

/** A start, a registration or a journal that was refused. Found before any command is taken. */
export class SetupError extends Error {
  readonly code: SetupErrorCode
  readonly details: Readonly<Record<string, unknown>>

  constructor(
    code: SetupErrorCode,
    message: string,
    details: Readonly<Record<string, unknown>> = {},
    cause?: unknown,
  ) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = new.target.name
    this.code = code
    this.details = details
  }
}

/** Whether the journal had no room: nothing was written, and it may be tried again. */
export function isJournalFull(error: unknown): error is SetupError {
  return error instanceof SetupError && error.code === 'JournalFull'
}

/** A value that cannot be written down and read back as it was. `path` names the place in it. */
export class UnserialisableError extends Error {
  readonly path: string

  constructor(path: string, found: string) {
    super(`${path === '' ? 'the value' : path} is ${found}, which cannot be stored and restored`)
    this.name = new.target.name
    this.path = path
  }
}

/** An error as it is stored: what a machine sees of it, live and after a recovery alike. */
export interface ErrorValue {
  readonly name: string
  readonly message: string
  readonly code?: string
  readonly details?: unknown
}
