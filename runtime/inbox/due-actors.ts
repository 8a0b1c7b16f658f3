/**
 * Knows when the next actor is due, and turns due actors into commands: a timer that fires, a retry that
 * begins, an ask that waited too long. The truth is in the records and the journal's index on them; this
 * keeps only the earliest time, so that a million sleeping actors cost nothing here.
 */
import type { Address } from '../../actors/address.js'
import type { Command } from '../../actors/command.js'
import type { RecordIndex } from '../../actors/commit.js'
import type { Journal } from '../../actors/journal.js'
import type { Limits } from '../../actors/limits.js'
import type { Invocation } from '../../actors/record.js'
import { idempotencyKeyOf } from '../dispatch/attempt.js'
import { carried } from '../step/carried-trace.js'
import { overdue } from '../step/elsewhere.js'
import type { Life } from '../step/life.js'

export type DueKind = 'timer' | 'retry'

export class DueActors {
  readonly #kind: DueKind
  readonly #journal: Journal
  readonly #limits: Limits
  /** Nobody is due before that; Infinity when nobody waits at all. */
  #nextAt: number

  constructor(kind: DueKind, journal: Journal, limits: Limits) {
    this.#kind = kind
    this.#journal = journal
    this.#limits = limits
    this.#nextAt = journal.nextDueAt(kind) ?? Number.POSITIVE_INFINITY
  }

  get nextAt(): number {
    return this.#nextAt
  }

  /** A record was committed. */
  note(index: RecordIndex): void {
    const dueAt = this.#kind === 'timer' ? index.timerDueAt : index.retryDueAt
    if (dueAt !== undefined && dueAt < this.#nextAt) this.#nextAt = dueAt
  }

  /**
   * The commands that are due. Those of a batch that is not committed yet must not be asked for again: call
   * once a batch, then `refresh` when it is durable.
   */
  commands(now: number, read: (address: Address) => Life | undefined): readonly Command[] {
    if (now < this.#nextAt) return []
    const commands: Command[] = []
    for (const { address } of this.#journal.due(this.#kind, now, this.#limits.dueActorsPageMax)) {
      const life = read(address)
      if (life === undefined || isResting(life)) continue
      commands.push(...(this.#kind === 'timer' ? dueTimers(life, now) : dueRetries(life, now)))
    }
    if (commands.length === 0) this.#lookLater(now)
    return commands
  }

  /** What was due is not any more; or nothing can be done for it (its version is not here), now and at once. */
  #lookLater(now: number): void {
    this.refresh()
    if (this.#nextAt <= now) this.#nextAt = now + this.#limits.idleMsMax
  }

  /** After the batch that held the due commands was committed. */
  refresh(): void {
    this.#nextAt = this.#journal.nextDueAt(this.#kind) ?? Number.POSITIVE_INFINITY
  }
}

function isResting({ record }: Life): boolean {
  return record.status !== 'active' || record.quarantine !== undefined
}

/** An actor's timers that are due by `until`, in the order in which they fire. */
export function dueTimers(life: Life, until: number): readonly Command[] {
  const { address, timers, incarnation } = life.record
  return timers
    .filter(timer => timer.dueAt <= until)
    .sort((a, b) => a.dueAt - b.dueAt || a.number - b.number)
    .map(timer => ({
      kind: 'timer',
      commandId: `${address}.${incarnation}.timer.${timer.number}`,
      sender: address,
      target: address,
      ...carried(timer.trace),
      timer: timer.number,
    }))
}

/** An actor's waits in wall time that are over by `until`. */
export function dueRetries(life: Life, until: number): readonly Command[] {
  return life.record.invocations.flatMap(invocation => invocationDue(life, invocation, until))
}

function invocationDue(life: Life, invocation: Invocation, until: number): readonly Command[] {
  const { address, incarnation } = life.record
  const commands: Command[] = []
  for (const [index, task] of invocation.tasks.entries()) {
    const token = {
      actor: address,
      incarnation,
      id: invocation.id,
      epoch: invocation.epoch,
      task: index,
      attempt: task.attempt,
    }
    const envelope = {
      commandId: `${idempotencyKeyOf(token)}.due.${task.attempt}`,
      sender: address,
      target: address,
      ...carried(invocation.trace),
    }
    if (task.state === 'waiting' && task.dueAt! <= until)
      commands.push({ ...envelope, kind: 'operator', order: { type: 'attempt', token } })
    if (task.state === 'elsewhere' && task.dueAt! <= until)
      commands.push({
        ...envelope,
        kind: 'result',
        token,
        outcome: { status: 'error', ...overdue(task, invocation) },
      })
    if (task.state === 'asked' && invocation.deadlineAt <= until) {
      const error = {
        name: 'Timeout',
        message: `no answer within ${invocation.deadlineAt - invocation.startedAt} ms`,
        code: 'Timeout',
      }
      commands.push({ ...envelope, kind: 'result', token, outcome: { status: 'error', error, retry: false } })
    }
  }
  return commands
}
