/**
 * Proof in production: now and then one of the actors that were just committed is made again of its entries since a
 * persisted snapshot, and compared with what was committed.
 *
 * Owns: whom it takes, and how little time that takes: slices of a few entries, and a share of all time at the most. Writes
 * nothing; what is found is told, and ordered to rest where that is wanted. Invariants: nobody is picked by chance, so that
 * a run can be had again; an actor whose version is not here is no difference.
 */
import { type Address, idOf, rootOf } from '../actors/address.js'
import { toErrorValue } from '../actors/codec.js'
import type { Command } from '../actors/command.js'
import type { Commit } from '../actors/commit.js'
import type { ShardHostOptions } from './shard-host-options.js'
import { type Life, revive } from './step/life.js'
import { type Difference, Refold } from './verify.js'

type SamplerSite = Pick<
  ShardHostOptions,
  'journal' | 'bindings' | 'clock' | 'limits' | 'logger' | 'observer' | 'verify' | 'hosts'
>

/** Spreads what is picked: Knuth's multiplier, of a position. */
const SPREAD = 2_654_435_761

export class Sampler {
  readonly #site: SamplerSite
  readonly #submit: (command: Command) => void
  /** Actors whose difference was told. */
  readonly #told = new Set<Address>()
  /** Of those committed since the last one was taken. */
  #picked: Address | undefined
  #commits = 0
  #cancel: (() => void) | undefined
  #restMs: number
  #isOver = false

  constructor(site: SamplerSite, submit: (command: Command) => void) {
    this.#site = site
    this.#submit = submit
    this.#restMs = site.limits.verifyEveryMs * this.#hosts
  }

  /** A commit is durable: one of its actors may be taken. */
  note({ records, first }: Commit): void {
    if (records.length === 0 || this.#isOver) return
    const at = (first * SPREAD) >>> 0
    // Each commit since the last pick has the same chance.
    if (at % ++this.#commits === 0) this.#picked = records[at % records.length]!.record.address
    this.#cancel ??= this.#site.clock.after(this.#restMs, () => this.#begin())
  }

  stop(): void {
    this.#isOver = true
    this.#cancel?.()
  }

  #begin(): void {
    const address = this.#picked
    this.#picked = undefined
    this.#commits = 0
    const run = { ms: 0, refold: undefined as Refold | undefined }
    if (address === undefined) return this.#rest(0)
    this.#within(run, () => {
      run.refold = this.#refoldOf(address)
      return run.refold !== undefined
    })
    if (run.refold === undefined) this.#rest(run.ms)
    else this.#slice(address, run.refold, run)
  }

  /** A few entries; then whoever else waits has a turn. */
  #slice(address: Address, refold: Refold, run: { ms: number }): void {
    if (this.#isOver) return
    const { journal, limits, clock } = this.#site
    const goesOn = this.#within(run, () => {
      if (refold.entries >= limits.verifyEntriesMax) return this.#ended(address, refold, undefined)
      const entries = journal.entries(address, refold.seq, limits.readShareEntriesMax)
      for (const entry of entries) {
        const difference = refold.take(entry)
        if (difference !== undefined) return this.#ended(address, refold, difference)
      }
      return entries.length > 0 || this.#ended(address, refold, refold.end())
    })
    if (goesOn) clock.soon(() => this.#slice(address, refold, run))
    else this.#rest(run.ms)
  }

  /** Counts its time, and keeps what fails from whoever works: a journal that cannot be read says so there. */
  #within(run: { ms: number }, work: () => boolean): boolean {
    const { clock, logger } = this.#site
    const began = clock.elapsed()
    try {
      return work()
    } catch (error) {
      logger.warn({ error: toErrorValue(error) }, 'an actor could not be made again to be compared')
      return false
    } finally {
      run.ms += clock.elapsed() - began
    }
  }

  #rest(ms: number): void {
    const { limits, clock } = this.#site
    this.#restMs = Math.max(limits.verifyEveryMs, (ms * 100) / limits.verifyPercentMax) * this.#hosts
    this.#cancel =
      this.#picked === undefined || this.#isOver ? undefined : clock.after(this.#restMs, () => this.#begin())
  }

  get #hosts(): number {
    return Math.max(1, this.#site.hosts?.() ?? 1)
  }

  /** From the snapshot before the newest one, or its birth; undefined for who is gone, or is of a version not here. */
  #refoldOf(address: Address): Refold | undefined {
    const { journal, bindings, limits } = this.#site
    const stored = journal.read(address)
    if (stored === undefined || !bindings.hasVersion(idOf(address).type, stored.record.version))
      return undefined
    const newest = journal.recordAt(address, stored.record.seq - 1)
    const older = newest && journal.recordAt(address, newest.seq - 1)
    const isNear = stored.record.seq - (older?.seq ?? 0) <= limits.verifyEntriesMax
    const base = isNear ? older : newest
    // Before it there is nothing that is kept, if not its birth.
    const life: Life | undefined = base && revive(base, bindings.of(base))
    return new Refold(address, life, { journal, bindings, limits })
  }

  /** Answers false: there is no more of it. */
  #ended(actor: Address, { entries }: Refold, difference: Difference | undefined): false {
    const { observer, logger, verify, limits } = this.#site
    const isNew = difference !== undefined && !this.#told.has(actor)
    observer?.verified?.(entries, isNew ? difference : undefined)
    if (!isNew) return false
    if (this.#told.size >= limits.verifyToldMax) this.#told.clear()
    this.#told.add(actor)
    logger.error({ ...difference }, 'an actor made again of its entries differs from what was committed')
    if (verify?.quarantine === true) this.#quarantine(difference)
    return false
  }

  #quarantine({ actor, seq }: Difference): void {
    const target = rootOf(actor)
    const reason = `a sample of ${actor} differs at entry ${seq}`
    this.#submit({
      kind: 'operator',
      commandId: `${target}.sampled.${seq}`,
      sender: target,
      target,
      order: { type: 'quarantine', reason },
    })
  }
}

/** What a host samples with; undefined where it is not to. */
export function samplerFor(
  options: ShardHostOptions,
  submit: (command: Command) => void,
): Sampler | undefined {
  return options.verify === undefined ? undefined : new Sampler(options, submit)
}
