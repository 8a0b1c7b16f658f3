/**
 * The waits between attempts, where actors' times are not the clock's: what an actor's record says in its
 * own time is waited for as a length of real time.
 */
import type { Clock } from '../../actors/clock.js'
import type { Command } from '../../actors/command.js'
import type { Life } from '../step/life.js'
import { dueRetries } from './due-actors.js'

export class WaitingRetries {
  readonly #clock: Clock
  readonly #submit: (command: Command) => void
  readonly #waits = new Map<string, () => void>()

  constructor(clock: Clock, submit: (command: Command) => void) {
    this.#clock = clock
    this.#submit = submit
  }

  /** A record was committed. */
  note(life: Life): void {
    if (life.record.invocations.length === 0 || life.record.quarantine !== undefined) return
    for (const command of dueRetries(life, Number.MAX_VALUE)) {
      if (command.kind !== 'operator' || command.order.type !== 'attempt') continue
      if (this.#waits.has(command.commandId)) continue
      const waitMs = this.#waitMs(life, command)
      this.#waits.set(
        command.commandId,
        this.#clock.after(waitMs, () => {
          this.#waits.delete(command.commandId)
          this.#submit(command)
        }),
      )
    }
  }

  stop(): void {
    for (const cancel of this.#waits.values()) cancel()
    this.#waits.clear()
  }

  #waitMs(life: Life, command: Extract<Command, { kind: 'operator' }>): number {
    if (command.order.type !== 'attempt') return 0
    const { epoch, task } = command.order.token
    const waiting = life.record.invocations.find(one => one.epoch === epoch)?.tasks[task]
    return Math.max(0, (waiting?.dueAt ?? 0) - life.record.at)
  }
}
