/**
 * Messages of a shard's commit subject put together to commits, in order, each link of their chain looked at.
 *
 * Invariant: what it answers follows what it answered before, with nothing left out between: a message that does not
 * follow the last one is refused.
 */
import { type LogMismatch, LogMismatchError } from '../../actors/errors.js'
import type { LogPosition } from '../../actors/journal.js'
import type { LoggedCommit } from '../../actors/logged-commit.js'
import type { CommitForm } from './commit-form.js'
import { positionOf, type StoredLogMessage } from './log-message.js'

/** A commit or a claim as it stands in the log. */
export interface ReadCommit {
  readonly kind: 'commit' | 'claim'
  readonly at: LogPosition
  readonly epoch: number
  readonly member: string
  /** Of the kind `commit`. */
  readonly commit?: LoggedCommit
}

/** The message on a commit subject that others follow. */
interface Link {
  readonly incarnation: number
  readonly sequence: number
}

export class CommitAssembly {
  readonly #form: CommitForm
  readonly #where: { readonly stream: string; readonly shard: number }
  #chunks: StoredLogMessage[] = []
  #last: Link | undefined
  #mayBeginLate = false

  constructor(form: CommitForm, where: { readonly stream: string; readonly shard: number }) {
    this.#form = form
    this.#where = where
  }

  /** Sequence of the last message of the last whole commit; 0 for none. */
  get sequence(): number {
    return this.#last?.sequence ?? 0
  }

  /** Goes on from a commit or claim that was read before, by its first message; undefined: from the very first. What was half read is forgotten. */
  startAfter(first: StoredLogMessage | undefined): void {
    this.#chunks = []
    this.#mayBeginLate = false
    this.#last =
      first === undefined
        ? undefined
        : { incarnation: first.incarnation, sequence: first.sequence + first.chunks - 1 }
  }

  /** Goes on from whatever comes first. */
  startAnywhere(): void {
    this.startAfter(undefined)
    this.#mayBeginLate = true
  }

  /**
   * @returns what the message completes.
   * @throws LogMismatchError when it does not follow.
   */
  add(message: StoredLogMessage): ReadCommit | undefined {
    if (message.chunk === 1) this.#checkFirst(message)
    else this.#checkNext(message)
    this.#chunks.push(message)
    if (message.chunk < message.chunks) return undefined
    return this.#whole()
  }

  #whole(): ReadCommit {
    const chunks = this.#chunks
    const [first, last] = [chunks[0]!, chunks.at(-1)!]
    this.#chunks = []
    this.#last = last
    const { kind, epoch, member } = first
    const at = positionOf(first)
    if (kind === 'claim') return { kind, at, epoch, member }
    const bytes = Buffer.concat(chunks.map(({ body }) => body))
    return { kind, at, epoch, member, commit: this.#form.unpack(bytes) }
  }

  #checkFirst(message: StoredLogMessage): void {
    const { incarnation, sequence, follows } = message
    if (this.#chunks.length > 0)
      throw this.#mismatch('purged', `chunk ${this.#chunks.length + 1} of a commit`, `message ${sequence}`)
    const last = this.#last
    if (last === undefined && this.#mayBeginLate) return
    if (last !== undefined && incarnation < last.incarnation)
      throw this.#mismatch(
        'another stream',
        `log ${last.incarnation} or newer`,
        `message ${sequence} of log ${incarnation}`,
      )
    const expected = last?.incarnation === incarnation ? last.sequence : 0
    if (follows === expected) return
    throw this.#mismatch(
      follows! > expected ? 'purged' : 'another stream',
      `a message that follows ${expected}`,
      `message ${sequence} that follows ${follows}`,
    )
  }

  #checkNext(message: StoredLogMessage): void {
    const first = this.#chunks[0]
    const { commitId, chunk, sequence } = message
    const isNext = first?.commitId === commitId && chunk === this.#chunks.length + 1
    if (isNext && sequence === first.sequence + chunk - 1) return
    throw this.#mismatch(
      'purged',
      `chunk ${this.#chunks.length + 1} of commit ${first?.commitId ?? commitId}`,
      `message ${sequence}, chunk ${chunk} of commit ${commitId}`,
    )
  }

  #mismatch(kind: LogMismatch, expected: string, found: string): LogMismatchError {
    return new LogMismatchError(kind, this.#where, expected, found)
  }
}
