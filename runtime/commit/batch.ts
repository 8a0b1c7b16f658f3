/**
 * A batch of steps on its way to becoming one commit. Nothing here is visible to anyone before the commit is
 * durable; a batch that could not be committed is thrown away and leaves no trace.
 */
import type { Address } from '../../actors/address.js'
import { toErrorValue } from '../../actors/codec.js'
import type { Command } from '../../actors/command.js'
import type { Commit, InboxPosition, JournalEntry, PublishedEvent } from '../../actors/commit.js'
import {
  type ErrorValue,
  LetterNotFoundError,
  NotBornError,
  type PerdureError,
  StepFailedError,
} from '../../actors/errors.js'
import type { Answer, AppliedCommand, Delivery } from '../../actors/inbox.js'
import type { Application, Applied, StepSite } from '../step/application.js'
import { applyCommand, failCommand } from '../step/apply-command.js'
import { awaits } from '../step/apply-result.js'
import { birthFor } from '../step/birth.js'
import type { Act } from '../step/draft.js'
import type { Life } from '../step/life.js'
import type { BatchSite } from './batch-site.js'
import { heldBack, isToldAtRest } from './held-back.js'
import { awaitedAs, isAboutLetter, type LetterCommand, Letters, meantBy } from './letters.js'
import { answerTo, isInRecord, isUnheard, refusal, refusedBy, seenBy, unmoved } from './outcomes.js'
import { PendingCommands } from './pending-commands.js'
import { indexOf } from './record-index.js'

/** An answer that is due once the commit is durable. */
export interface DueAnswer {
  readonly delivery: Delivery
  readonly answer: Answer
  /** For a repeated command: the entry whose state the first answer had. */
  readonly repeatOf?: { readonly address: Address; readonly seq: number }
}

/** What came of a command, and the birth that has to be taken before it. */
interface Stepped {
  readonly application: Application
  readonly birth?: Applied
}

export class Batch {
  readonly pending: PendingCommands
  /** For actors of other shards. */
  readonly #sent: Command[] = []
  readonly #taken = new Map<InboxPosition['inbox'], InboxPosition>()
  readonly entries: JournalEntry[] = []
  readonly published: PublishedEvent[] = []
  readonly acts: Act[] = []
  readonly answers: DueAnswer[] = []
  /** The life that each entry led to, for those who follow an actor. */
  readonly stepped: Life[] = []
  readonly lives = new Map<Address, Life>()
  readonly #letters: Letters
  readonly #snapshots = new Set<Address>()
  #site: BatchSite
  /** Whether the pending commands must be committed although nothing was stepped. */
  changesPending = false
  /** What released actors held back, when that is not to be stepped with their release. */
  released: Command[] | undefined
  /** Commands looked at, applied or not. */
  size = 0
  /** Bytes it has gathered, or a little more. */
  #bytes = 0

  constructor(site: BatchSite) {
    this.#site = site
    this.#letters = new Letters(id => site.letter(id))
    this.pending = new PendingCommands(site.pending)
  }

  /** The time, for what is stepped from now on: a batch is filled in several turns. */
  timed({ now, stamp }: Pick<BatchSite, 'now' | 'stamp'>): void {
    this.#site = { ...this.#site, now, stamp }
  }

  /** The dead letters it takes away. */
  get settled(): ReadonlySet<string> {
    return new Set(this.#letters.settled.map(one => one.id))
  }

  get bytes(): number {
    return this.#bytes
  }

  get isFull(): boolean {
    // However much is carried on, something of it is stepped.
    if (this.size === 0) return false
    const { batchCommandsMax, commitBytesMax, commitMessagesMax } = this.#site.limits
    const messages = this.published.length + this.#sent.length
    const bytes = this.#bytes + this.pending.bytes
    return this.size >= batchCommandsMax || bytes >= commitBytesMax || messages >= commitMessagesMax
  }

  /** Steps commands that actors sent, up to `max` in this batch. */
  cascade(max: number): void {
    while (this.size < max && !this.isFull) {
      const next = this.pending.shift()
      if (next === undefined) return
      this.apply(next)
    }
  }

  apply(given: Command, delivery?: Delivery): void {
    this.size++
    this.#bytes += delivery?.bytes ?? 0
    if (delivery !== undefined) this.took(delivery)
    if (delivery?.refusal !== undefined) return this.turnAway(delivery, delivery.refusal)
    this.countLosses(given)
    if (isAboutLetter(given)) return this.#settleLetter(given, delivery)
    const command = this.#announce(given)
    const { application, birth } = this.#step(command)
    if (birth !== undefined) this.#takeBirth(birth)
    const isHeard = delivery !== undefined && delivery.isUnheard !== true
    const place = { isHeard, before: () => this.#before(command.target), site: () => this.#stepSite() }
    this.#take(heldBack(application, command, place), command, delivery)
  }

  /** Lets an actor count the attempts that were lost with earlier processes, before it takes the command. */
  countLosses(given: Command): void {
    const { losses } = this.#site
    const before = losses?.isOver === false ? this.#before(given.target) : undefined
    const order = before && losses?.before(given, before)
    if (order === undefined) return
    const command = this.#announce(order)
    this.#take(this.#tryApply(command), command, undefined)
  }

  /** Refuses what was found wrong before any step. */
  turnAway(delivery: Delivery, refusal: PerdureError): void {
    this.#refuse(delivery.command, refusal, delivery, true)
  }

  /** With the commit, its inbox is read as far as that. */
  took({ place }: Delivery): void {
    if (place !== undefined) this.#taken.set(place.inbox, place)
  }

  #send(command: Command): void {
    if (this.#site.isHere?.(command.target) === false) this.#sent.push(command)
    else this.pending.push(command)
  }

  /** Applies a command, and before it the birth of its actor where there is none yet. */
  #step(command: Command): Stepped {
    const application = this.#tryApply(command)
    if (application.kind !== 'refused' || !(application.error instanceof NotBornError)) return { application }
    const birth = this.#bear(command)
    if (birth === undefined) return { application }
    // The letter holds what was sent, of which the birth is only the beginning.
    if (birth.kind === 'stillborn')
      return { application: { ...birth, deadLetter: { ...birth.deadLetter, command } } }
    if (birth.kind !== 'applied') return { application: birth }
    const born = this.#tryApply(command, { born: birth })
    // Nobody is born for a message that is refused.
    return born.kind === 'refused' ? { application: born } : { application: born, birth }
  }

  /** Takes a letter away, and steps its command again when that is wanted. A refused one stays where it is. */
  #settleLetter(order: LetterCommand, delivery: Delivery | undefined): void {
    const answer = (answer: Answer) => {
      if (delivery !== undefined) this.answers.push({ delivery, answer })
    }
    const letter = this.#letters.find(order)
    if (letter === undefined) return answer({ ok: false, error: new LetterNotFoundError(order.order.letter) })
    const { commandId } = order
    const receipt = (handled: boolean): Answer => ({
      ok: true,
      letter: { commandId, position: this.#site.position + this.entries.length, handled },
    })
    if (order.order.type === 'drop') {
      this.#letters.settle(order)
      return answer(receipt(true))
    }
    const command = this.#announce(meantBy(letter))
    const { application, birth } = this.#stepAgain(command)
    if (application.kind === 'refused') {
      this.#site.observer?.stepped(command, application)
      return answer({ ok: false, error: application.error })
    }
    this.#letters.settle(order)
    if (birth !== undefined) this.#takeBirth(birth)
    this.#take(application, command, undefined)
    if (application.kind === 'applied' && application.entry.outcome === 'failed')
      return answer(answerTo(application))
    if (application.kind === 'stillborn')
      return answer({
        ok: false,
        error: new StepFailedError(command.target, 1, application.error.message),
      })
    answer(receipt(application.kind === 'applied' && application.entry.outcome === 'applied'))
  }

  #stepAgain(command: Command): Stepped {
    const token = awaitedAs(command)
    if (token === undefined) return this.#step(command)
    try {
      const asker = this.lives.get(token.actor) ?? this.#site.cache.get(token.actor, this.#site.now)
      const isAwaited = asker !== undefined && awaits(asker, { token })
      return isAwaited ? this.#step(command) : { application: { kind: 'dropped' } }
    } catch (error) {
      return { application: refusedBy(error, token.actor) }
    }
  }

  /** Tells whoever looks on, and takes the command on as that gives it back. */
  #announce(command: Command): Command {
    const { observer } = this.#site
    return observer === undefined ? command : observer.stepping(command, this.#before(command.target))
  }

  /** The actor before the step, for whoever looks on: what is wrong with it the step itself finds out. */
  #before(address: Address): Life | undefined {
    try {
      return this.lives.get(address) ?? this.#site.cache.get(address, this.#site.now)
    } catch {
      return undefined
    }
  }

  /** Gives up a command whose step kills the process: it fails without being stepped. */
  abandon(given: Command): void {
    // The letter it is about stays, as it was.
    if (isAboutLetter(given)) return
    this.countLosses(given)
    const command = this.#announce(given)
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
    const { cache, now } = this.#site
    try {
      const before = born?.life ?? this.lives.get(command.target) ?? cache.get(command.target, now)
      const site = this.#stepSite(born)
      return failure === undefined
        ? applyCommand(before, command, site)
        : failCommand(before, command, site, failure)
    } catch (error) {
      return refusedBy(error, command.target)
    }
  }

  /** @param born the actor's birth, not taken yet. */
  #stepSite(born?: Applied): StepSite {
    const { bindings, limits, stamp: now, position } = this.#site
    return {
      position: position + this.entries.length + (born === undefined ? 1 : 2),
      now,
      limits,
      bindings,
      sendsMax: limits.pendingCommandsMax - this.pending.size - (born?.sends.length ?? 0),
      sendsBytesMax: limits.pendingBytesMax - this.pending.bytes - (born?.leavingBytes ?? 0),
    }
  }

  #takeBirth(birth: Applied): void {
    this.#site.observer?.stepped(birth.entry.command, birth)
    this.#takeApplied(birth)
  }

  #take(application: Application, command: Command, delivery: Delivery | undefined): void {
    this.#site.observer?.stepped(command, application)
    switch (application.kind) {
      case 'applied': {
        this.#takeApplied(application)
        if (delivery !== undefined) this.answers.push({ delivery, answer: answerTo(application) })
        // Whatever was sent since stands behind them.
        if (this.released !== undefined) this.released.push(...application.released)
        else for (const held of application.released) this.apply(held)
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
        this.#letters.dead.push(application.deadLetter)
        for (const send of application.sends) this.#send(send)
        return this.#refuse(
          command,
          new StepFailedError(command.target, 1, application.error.message),
          delivery,
          false,
        )
      case 'refused':
        return this.#refuse(command, application.error, delivery, !isToldAtRest(command, application.error))
      case 'dropped':
        if (delivery !== undefined)
          this.answers.push({ delivery, answer: unmoved(command, this.#before(command.target)) })
        return
    }
  }

  #takeApplied(application: Applied): void {
    const { life, entry, sends, published, acts, leavingBytes, deadLetter } = application
    this.lives.set(entry.address, life)
    this.#bytes += life.weight + leavingBytes
    this.entries.push(entry)
    this.stepped.push(life)
    for (const send of sends) this.#send(send)
    for (const event of published) this.published.push(event)
    for (const act of acts) this.acts.push(act)
    if (deadLetter !== undefined) this.#letters.dead.push(deadLetter)
    if (entry.seq % life.binding.behaviour.snapshotEvery === 0) this.#snapshots.add(entry.address)
  }

  /** Tells whoever sent it; what an actor sent and nobody will apply is kept as a dead letter. */
  #refuse(command: Command, error: PerdureError, delivery: Delivery | undefined, keep: boolean): void {
    if (delivery !== undefined) this.answers.push({ delivery, answer: { ok: false, error } })
    const value = toErrorValue(error)
    if (command.kind === 'message' && command.ask !== undefined)
      this.#send(refusal(command.ask.replyTo.actor, command, value))
    if (isUnheard(command, delivery) && keep && !isInRecord(command)) this.#bury(command, value)
  }

  #bury(command: Command, error: ErrorValue): void {
    this.#letters.dead.push({
      position: this.#site.position + this.entries.length,
      at: this.#site.now,
      command,
      error,
    })
  }

  /** What a command that changed nothing is answered with. */
  #seen(command: Command): AppliedCommand {
    const life = this.lives.get(command.target) ?? this.#site.cache.get(command.target, this.#site.now)!
    return seenBy(command, life)
  }

  get isEmpty(): boolean {
    return (
      !this.changesPending &&
      this.entries.length === 0 &&
      this.#letters.isEmpty &&
      this.#sent.length === 0 &&
      this.#taken.size === 0
    )
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
      deadLetters: this.#letters.dead,
      settledLetters: this.#letters.settled,
      ...(this.#sent.length === 0 ? {} : { sent: this.#sent }),
      ...(this.#taken.size === 0 ? {} : { taken: [...this.#taken.values()].map(asData) }),
    }
  }
}

/** An inbox may say of a place what it has to look up: only of those that are committed. */
function asData({ inbox, sequence, hash, index }: InboxPosition): InboxPosition {
  return index === undefined ? { inbox, sequence, hash } : { inbox, sequence, hash, index }
}
