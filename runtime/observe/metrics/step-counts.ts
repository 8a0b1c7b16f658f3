/**
 * What came of a batch's commands, counted while it is stepped, and how late its timers were.
 */
import type { Address } from '../../../actors/address.js'
import { idOf } from '../../../actors/address.js'
import type { Command } from '../../../actors/command.js'
import type { Application } from '../../step/application.js'
import type { Life } from '../../step/life.js'

export interface CommandCount {
  /** As its address has it: perhaps of no definition. */
  readonly type: string
  readonly kind: Command['kind']
  readonly outcome: string
  count: number
}

export class StepCounts {
  readonly #counts = new Map<string, CommandCount>()
  readonly #lateMs: number[] = []
  /** When the timer that is stepped now was due. */
  #dueAt: number | undefined
  total = 0

  get commands(): Iterable<CommandCount> {
    return this.#counts.values()
  }

  /** How late each timer fired, in its actor's own time. */
  get lateMs(): readonly number[] {
    return this.#lateMs
  }

  /** A timer's time is known only before it fires. */
  noteTimer(command: Command, before: Life | undefined): void {
    this.#dueAt =
      command.kind === 'timer'
        ? before?.record.timers.find(one => one.number === command.timer)?.dueAt
        : undefined
  }

  note(command: Command, application: Application): void {
    const outcome = application.kind === 'applied' ? application.entry.outcome : application.kind
    this.total++
    this.#count(command, outcome)
    // One that the machine failed on before has no time of its own any more.
    if (application.kind !== 'applied' || this.#dueAt === undefined || !Number.isFinite(this.#dueAt)) return
    this.#lateMs.push(application.entry.at - this.#dueAt)
    this.#dueAt = undefined
  }

  #count({ target, kind }: Command, outcome: string): void {
    const token = target.slice(0, target.indexOf('/'))
    const key = `${token} ${kind} ${outcome}`
    const known = this.#counts.get(key)
    if (known !== undefined) known.count++
    else this.#counts.set(key, { type: typeOf(target), kind, outcome, count: 1 })
  }
}

/** The type an address names; a child's is its root's. */
export function typeOf(address: Address): string {
  return idOf(address).type
}
