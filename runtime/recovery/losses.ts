/**
 * What was lost with the processes before this one, kept beside the records until each actor counts it: one mark for
 * very many actors, in the shard's commits, in place of an entry for each.
 *
 * An actor's losses are counted by an order of its own (`recover`), an entry like any other, taken in the batch that
 * first touches the actor and before whatever touches it. Until then its attempts go by what that order will say.
 *
 * Invariants
 * 1. No attempt begins before it is durable that those before it are lost: the mark says up to which actor they may.
 * 2. A loss counts once for each actor it is about, whatever became of the processes since, and for no other.
 * 3. Records hold nothing that their entries do not: what a mark says enters them by the order alone.
 */
import type { Address } from '../../actors/address.js'
import type { Command, InvocationToken, OperatorCommand } from '../../actors/command.js'
import type { Commit, Loss } from '../../actors/commit.js'
import type { ActorRecord, Invocation, Task } from '../../actors/record.js'
import type { ShardHostOptions } from '../shard-host-options.js'
import { currentTask } from '../step/apply-result.js'
import { type Owing, policyOf, withLosses } from '../step/lost-attempts.js'

type LossesSite = Pick<ShardHostOptions, 'journal' | 'limits' | 'isLeftInOrder'>

/** After all addresses. */
const EVERYONE: Address = '\uffff'

export class Losses {
  /** Whatever was begun at or before this position was begun by an earlier process. */
  readonly until: number
  /** Of earlier processes, oldest first. */
  #earlier: readonly Loss[]
  /** This start's own: up to which actor attempts may begin again, as it is wanted and as it is durable. */
  #wanted: Address | undefined
  #durable: Address | undefined
  /** Up to which actor they have. */
  #begun: Address = ''
  /** What the commit on its way says of this start. */
  #offered: { readonly to: Address | undefined } | undefined
  /** Earlier ones before some were let go of, until that is durable. */
  #dropping: readonly Loss[] | undefined
  #isChanged = false
  /** Results that an earlier process left to be stepped: of attempts that are not lost. */
  readonly #inherited: ReadonlySet<string>
  /** The attempts they are the outcome of. */
  readonly #ended: ReadonlySet<string>

  /** Actors that such a result was stepped for. */
  readonly #passed = new Set<Address>()

  readonly #max: number

  /** @param isLeftInOrder whether nothing was lost with the process before this one: what it began goes on elsewhere. */
  constructor({ journal, limits, isLeftInOrder }: LossesSite) {
    this.#max = limits.lossesMax
    this.until = isLeftInOrder === true ? 0 : journal.position
    this.#earlier = journal.losses()
    const results = journal.pending().filter(one => one.kind === 'result')
    this.#inherited = new Set(results.map(one => `${one.target} ${one.commandId}`))
    this.#ended = new Set(results.map(({ target, token }) => attemptOf(target, token)))
  }

  /** Whether nothing was lost that is not counted. */
  get isOver(): boolean {
    return this.until === 0 && this.#earlier.length === 0
  }

  /** How often attempts of an actor's invocation were lost and are not counted in its record. */
  times(record: Pick<ActorRecord, 'address'>, invocation: Pick<Invocation, 'position'>): number {
    const own = invocation.position <= this.until ? 1 : 0
    return own + this.needed(record, invocation).length
  }

  /** Whether there is anything to count for an actor before it may go on. */
  holds(owing: Owing): boolean {
    const { record } = owing
    if (record.status !== 'active') return false
    return record.invocations.some(one => this.times(record, one) > 0 && policyOf(owing, one) !== undefined)
  }

  /** The order an actor is given before a command, undefined when it has nothing to count. */
  before(command: Command, owing: Owing): OperatorCommand | undefined {
    if (!this.holds(owing) || this.#isOwn(command)) return undefined
    if (!this.#isOutcomeOf(command, owing)) return this.order(owing.record)
    this.#passed.add(command.target)
    return undefined
  }

  /** Whether the actor was stepped before it had counted what else it lost; asking clears it. */
  takePassed(address: Address): boolean {
    return this.#passed.delete(address)
  }

  order(record: ActorRecord): OperatorCommand {
    const { address } = record
    const position = Math.min(...record.invocations.map(one => one.position))
    const lost = this.needed(record, { position }).map(loss => loss.until)
    if (position <= this.until) lost.push(this.until)
    const until = lost.pop() ?? 0
    return {
      kind: 'operator',
      commandId: `${address}.recover.${until}`,
      sender: address,
      target: address,
      order: { type: 'recover', until, ...(lost.length === 0 ? {} : { earlier: lost }) },
    }
  }

  #isOwn(command: Command): boolean {
    return (
      command.kind === 'operator' && command.order.type === 'recover' && command.order.until === this.until
    )
  }

  /** Whether it is the outcome of the very attempt that would be counted as lost. */
  #isOutcomeOf(command: Command, { record }: Owing): boolean {
    if (command.kind !== 'result' || !this.#inherited.has(`${command.target} ${command.commandId}`))
      return false
    return currentTask(record.invocations, command.token) !== undefined
  }

  /** The actor as its attempts go by: counted, as far as they may begin, and without those that may not yet. */
  counted(owing: Owing): Owing {
    const { record, binding } = owing
    if (this.isOver || !record.invocations.some(one => this.times(record, one) > 0)) return owing
    if (record.address <= this.#begun)
      return withLosses(this.#withoutEnded(owing), invocation => this.times(record, invocation))
    const invocations = record.invocations.filter(one => this.times(record, one) === 0)
    return { record: { ...record, invocations }, binding }
  }

  /** An attempt whose outcome is left to be stepped is not lost: the one after it is not owed before that says so. */
  #withoutEnded({ record, binding }: Owing): Owing {
    if (this.#ended.size === 0) return { record, binding }
    const { address, incarnation } = record
    const invocations = record.invocations.map(invocation => {
      const { epoch } = invocation
      if (this.times(record, invocation) === 0) return invocation
      const tasks = invocation.tasks.map((one, task): Task => {
        const { attempt } = one
        const isEnded = this.#ended.has(attemptOf(address, { incarnation, epoch, task, attempt }))
        return isEnded && (one.state === 'ready' || one.state === 'started')
          ? { ...one, state: 'parked' }
          : one
      })
      return { ...invocation, tasks }
    })
    return { record: { ...record, invocations }, binding }
  }

  /** Attempts of all actors up to that one are to begin again. */
  reach(to: Address): void {
    this.#wanted = to
    this.#isChanged = true
  }

  /** Nobody goes on from here: what was lost before is to be known of all who have not counted it, whoever comes. */
  reachAll(): void {
    if (this.until > 0) this.reach(EVERYONE)
  }

  /** Up to which actor it is durable that they may. */
  get reached(): Address | undefined {
    return this.#durable
  }

  /** They begin up to that actor. */
  begin(to: Address): void {
    this.#begun = to
  }

  /**
   * Whether attempts begin again by a loss of this start; else each actor counts first. So it is when nothing was lost
   * with this one, or there is no room for it: so many processes died before all was walked through.
   */
  get isMarking(): boolean {
    return this.until > 0 && this.#earlier.length < this.#max
  }

  /** Whether an invocation counts by the one that has to go for there to be room for the next start's. */
  needsOldest(record: ActorRecord, invocation: Invocation): boolean {
    if (this.#earlier.length + 1 < this.#max) return false
    return this.needed(record, invocation).includes(this.#earlier[0]!)
  }

  /** Lets go of earlier ones that no record waits for. */
  drop(needed: ReadonlySet<Loss>): void {
    if (this.#earlier.every(loss => needed.has(loss))) return
    this.#dropping ??= this.#earlier
    this.#earlier = this.#earlier.filter(loss => needed.has(loss))
    this.#isChanged = true
  }

  /** The earlier ones that an invocation's attempts count by. */
  needed(
    { address }: Pick<ActorRecord, 'address'>,
    { position }: Pick<Invocation, 'position'>,
  ): readonly Loss[] {
    if (this.#earlier.length === 0) return this.#earlier
    return this.#earlier.filter(loss => isAbout(loss, address, position))
  }

  /** Whether a commit is wanted that says what has changed, even if it says nothing else. */
  get wantsCommit(): boolean {
    return this.#offered === undefined && this.#wanted !== this.#durable
  }

  /** What the next commit has to say of them. */
  offer(): Pick<Commit, 'losses'> {
    if (!this.#isChanged || this.#offered !== undefined) return {}
    this.#isChanged = false
    const to = this.#wanted
    this.#offered = { to }
    return { losses: to === undefined ? this.#earlier : [...this.#earlier, { until: this.until, to }] }
  }

  /** The commit is durable. */
  committed(): void {
    if (this.#offered === undefined) return
    this.#durable = this.#offered.to
    this.#offered = undefined
    this.#dropping = undefined
  }

  /** It is not: what it said is said again, and what it let go of is kept until that is asked for anew. */
  lost(): void {
    if (this.#offered === undefined) return
    this.#offered = undefined
    this.#earlier = this.#dropping ?? this.#earlier
    this.#dropping = undefined
    this.#isChanged = true
  }
}

function attemptOf(
  address: Address,
  { incarnation, epoch, task, attempt }: Pick<InvocationToken, 'incarnation' | 'epoch' | 'task' | 'attempt'>,
): string {
  return `${address} ${incarnation}.${epoch}.${task}.${attempt}`
}

function isAbout({ until, to }: Loss, address: Address, position: number): boolean {
  return position <= until && address <= to
}
