/**
 * A batch of steps on its way to becoming one commit. Nothing here is visible to anyone before the commit is
 * durable; a batch that could not be committed is thrown away and leaves no trace.
 */
import type { Address } from '../../actors/address.js'
import { toErrorValue } from '../../actors/codec.js'
import type { Command, ResultCommand } from '../../actors/command.js'
import type { Commit, DeadLetter, JournalEntry, PublishedEvent } from '../../actors/commit.js'
import {
  type ErrorValue,
  NotBornError,
  PerdureError,
  StepFailedError,
  UnavailableError,
} from '../../actors/errors.js'
import type { Answer, AppliedCommand, Delivery } from '../../actors/inbox.js'
import type { Limits } from '../../actors/limits.js'
import { Queue } from '../inbox/queue.js'
import type { Application, Applied, StepSite } from '../step/application.js'
import { applyCommand, failCommand } from '../step/apply-command.js'
import type { Bindings } from '../step/bindings.js'
import { birthFor } from '../step/birth.js'
import type { Act } from '../step/draft.js'
import { type Life, snapshotOf } from '../step/life.js'
import type { ActorCache } from './actor-cache.js'
import { indexOf } from './record-index.js'

export interface BatchSite {
  readonly cache: ActorCache
  readonly bindings: Bindings
  readonly limits: Limits
  /** Position of the last entry committed. */
  readonly position: number
  readonly now: number
  /** What commands that bring no time of their own are stamped with, unless their actor is ahead of it. */
  readonly stamp: number
  /** What earlier commits left to be stepped. */
  readonly pending: readonly Command[]
}

/** An answer that is due once the commit is durable. */
export interface DueAnswer {
  readonly delivery: Delivery
  readonly answer: Answer
  /** For a repeated command: the entry whose state the first answer had. */
  readonly repeatOf?: { readonly address: Address; readonly seq: number }
}

export class Batch {
  readonly pending = new Queue<Command>()
  readonly entries: JournalEntry[] = []
  readonly published: PublishedEvent[] = []
  readonly acts: Act[] = []
  readonly answers: DueAnswer[] = []
  /** Each applied entry with the life it led to, for those who follow an actor. */
  readonly steps: { entry: JournalEntry; life: Life }[] = []
  readonly lives = new Map<Address, Life>()
  readonly #deadLetters: DeadLetter[] = []
  readonly #snapshots = new Set<Address>()
  readonly #site: BatchSite
  /** Whether the pending commands must be committed although nothing was stepped. */
  changesPending = false
  /** Commands looked at, applied or not. */
  size = 0
  /** Bytes it has gathered, or a little more. */
  #bytes = 0

  constructor(site: BatchSite) {
    this.#site = site
    for (const command of site.pending) this.pending.push(command)
  }

  get isFull(): boolean {
    const { batchCommandsMax, commitBytesMax } = this.#site.limits
    return this.size >= batchCommandsMax || this.#bytes >= commitBytesMax
  }

  /** Steps commands that actors sent, up to `max` in this batch. */
  cascade(max: number): void {
    while (this.size < max && this.#bytes < this.#site.limits.commitBytesMax) {
      const next = this.pending.shift()
      if (next === undefined) return
      this.apply(next)
    }
  }

  apply(command: Command, delivery?: Delivery): void {
    this.size++
    this.#bytes += delivery?.bytes ?? 0
    let application = this.#tryApply(command)
    if (application.kind === 'refused' && application.error instanceof NotBornError) {
      const birth = this.#bear(command)
      if (birth?.kind === 'applied') {
        application = this.#tryApply(command, { born: birth })
        // Nobody is born for a message that is refused.
        if (application.kind !== 'refused') this.#takeApplied(birth)
      } else if (birth !== undefined) application = birth
    }
    this.#take(application, command, delivery)
  }

  /** Gives up a command whose step kills the process: it fails without being stepped. */
  abandon(command: Command): void {
    const error: ErrorValue = {
      name: 'Poisonous',
      message: `its step was begun ${command.attempts} times and never ended; the process was killed each time`,
      code: 'Poisonous',
    }
    const application = this.#tryApply(command, { failure: error })
    if (application.kind === 'refused' && command.sender === undefined) this.#bury(command, error)
    this.#take(application, command, undefined)
  }

  /** Gives birth to the actor a message wants; undefined when nothing says with what. */
  #bear(command: Command): Application | undefined {
    try {
      const start = birthFor(command, this.#site)
      if (start === undefined) return undefined
      return this.#tryApply(start)
    } catch (error) {
      return { kind: 'refused', error: new StepFailedError(command.target, 1, toErrorValue(error).message) }
    }
  }

  /** `born`: the actor's birth, not taken yet. `failure`: let it fail with that. */
  #tryApply(command: Command, { born, failure }: { born?: Applied; failure?: ErrorValue } = {}): Application {
    const { cache, bindings, limits, now, stamp } = this.#site
    try {
      const before = born?.life ?? this.lives.get(command.target) ?? cache.get(command.target, now)
      const site: StepSite = {
        position: this.#site.position + this.entries.length + (born === undefined ? 1 : 2),
        now: stamp,
        limits,
        bindings,
        sendsMax: limits.pendingCommandsMax - this.pending.size - (born?.sends.length ?? 0),
      }
      return failure === undefined
        ? applyCommand(before, command, site)
        : failCommand(before, command, site, failure)
    } catch (error) {
      // Not a failed step: the actor's code or record is not to be had.
      const refusal =
        error instanceof PerdureError
          ? error
          : new UnavailableError(toErrorValue(error).message, command.target, false)
      return { kind: 'refused', error: refusal }
    }
  }

  #take(application: Application, command: Command, delivery: Delivery | undefined): void {
    switch (application.kind) {
      case 'applied': {
        this.#takeApplied(application)
        if (delivery !== undefined) this.answers.push({ delivery, answer: answerTo(application) })
        return
      }
      case 'repeated': {
        const { seq, position, handled, error, created = false } = application.recent
        if (delivery === undefined) return
        const answer: Answer =
          error === undefined
            ? {
                ok: true,
                applied: { ...this.#seen(command), seq, position, handled, created, duplicate: true },
              }
            : { ok: false, error: new StepFailedError(command.target, seq, error.message) }
        this.answers.push({ delivery, answer, repeatOf: { address: command.target, seq } })
        return
      }
      case 'existing':
        if (delivery !== undefined)
          this.answers.push({ delivery, answer: { ok: true, applied: this.#seen(command) } })
        return
      case 'stillborn':
        this.#deadLetters.push(application.deadLetter)
        for (const send of application.sends) this.pending.push(send)
        return this.#refuse(
          command,
          new StepFailedError(command.target, 1, application.error.message),
          delivery,
          false,
        )
      case 'refused':
        return this.#refuse(command, application.error, delivery, true)
      case 'dropped':
        if (delivery !== undefined)
          this.answers.push({ delivery, answer: { ok: true, applied: this.#seen(command) } })
        return
    }
  }

  #takeApplied(application: Applied): void {
    const { life, entry, sends, published, acts, deadLetter } = application
    this.lives.set(entry.address, life)
    this.#bytes += life.weight
    this.entries.push(entry)
    this.steps.push({ entry, life })
    for (const send of sends) this.pending.push(send)
    this.published.push(...published)
    this.acts.push(...acts)
    if (deadLetter !== undefined) this.#deadLetters.push(deadLetter)
    if (entry.seq % life.binding.behaviour.snapshotEvery === 0) this.#snapshots.add(entry.address)
  }

  /** Tells whoever sent it; what an actor sent and nobody will apply is kept as a dead letter. */
  #refuse(command: Command, error: PerdureError, delivery: Delivery | undefined, keep: boolean): void {
    if (delivery !== undefined) this.answers.push({ delivery, answer: { ok: false, error } })
    const value = toErrorValue(error)
    if (command.kind === 'message' && command.ask !== undefined)
      this.pending.push(refusal(command.ask.replyTo.actor, command, value))
    if (command.sender !== undefined && keep && !isInRecord(command)) this.#bury(command, value)
  }

  #bury(command: Command, error: ErrorValue): void {
    this.#deadLetters.push({
      position: this.#site.position + this.entries.length,
      at: this.#site.now,
      command,
      error,
    })
  }

  /** What a command that changed nothing is answered with. */
  #seen(command: Command): AppliedCommand {
    const life = this.lives.get(command.target) ?? this.#site.cache.get(command.target, this.#site.now)!
    const { record } = life
    return {
      commandId: command.commandId,
      position: record.position,
      seq: record.seq,
      version: record.version,
      duplicate: false,
      handled: true,
      created: false,
      snapshot: snapshotOf(life),
    }
  }

  get isEmpty(): boolean {
    return !this.changesPending && this.entries.length === 0 && this.#deadLetters.length === 0
  }

  toCommit(): Commit {
    return {
      first: this.#site.position + 1,
      at: this.#site.now,
      entries: this.entries,
      records: [...this.lives.values()].map(life => ({
        record: life.record,
        index: indexOf(life),
        persistSnapshot: this.#snapshots.has(life.record.address),
      })),
      pending: this.pending.toArray(),
      published: this.published,
      deadLetters: this.#deadLetters,
    }
  }
}

function answerTo(application: Applied): Answer {
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
      duplicate: false,
      handled: entry.outcome === 'applied',
      created: entry.command.kind === 'start',
      snapshot: snapshotOf(life),
    },
  }
}

/** What the actor's record will ask for again by itself: no letter need hold it. */
function isInRecord(command: Command): boolean {
  if (command.kind === 'timer') return true
  return command.kind === 'operator' && (command.order.type === 'attempt' || command.order.type === 'recover')
}

function refusal(
  target: Address,
  command: Extract<Command, { kind: 'message' }>,
  error: ReturnType<typeof toErrorValue>,
): ResultCommand {
  return {
    kind: 'result',
    commandId: `${command.commandId}.refused`,
    sender: command.target,
    target,
    ...(command.at === undefined ? {} : { at: command.at }),
    token: command.ask!.replyTo,
    outcome: { status: 'error', error, retry: false },
  }
}
