/**
 * What is waited for in real time where actors' times are not the clock's: the next attempt of an activity, and word of one
 * that is worked on elsewhere. An actor's record says it in its own time, which stands still meanwhile; it is waited for
 * as a length.
 */
import type { Address } from '../../actors/address.js'
import type { Clock } from '../../actors/clock.js'
import type { Command, InvocationToken, ResultCommand } from '../../actors/command.js'
import type { Invocation, Task } from '../../actors/record.js'
import { overdue } from '../step/elsewhere.js'
import type { Life } from '../step/life.js'
import { dueRetries } from './due-actors.js'

interface Wait {
  readonly id: string
  readonly ms: number
  readonly command: Command
  /** Whether each commit of the actor begins it anew. */
  readonly isRenewed: boolean
}

export class RealWaits {
  readonly #clock: Clock
  readonly #submit: (command: Command) => void
  /** How to cancel each, by its id. */
  readonly #waits = new Map<Address, Map<string, () => void>>()

  constructor(clock: Clock, submit: (command: Command) => void) {
    this.#clock = clock
    this.#submit = submit
  }

  /** A record was committed. */
  note(life: Life): void {
    const { address } = life.record
    const before = this.#waits.get(address)
    const wanted = waitsOf(life)
    if (before === undefined && wanted.length === 0) return
    const now = new Map<string, () => void>()
    for (const wait of wanted) {
      const running = wait.isRenewed ? undefined : before?.get(wait.id)
      now.set(wait.id, running ?? this.#begin(address, wait))
      if (running !== undefined) before?.delete(wait.id)
    }
    for (const cancel of before?.values() ?? []) cancel()
    if (now.size > 0) this.#waits.set(address, now)
    else this.#waits.delete(address)
  }

  stop(): void {
    for (const waits of this.#waits.values()) for (const cancel of waits.values()) cancel()
    this.#waits.clear()
  }

  #begin(address: Address, { id, ms, command }: Wait): () => void {
    return this.#clock.after(Math.max(0, ms), () => {
      const waits = this.#waits.get(address)
      waits?.delete(id)
      if (waits?.size === 0) this.#waits.delete(address)
      this.#submit(command)
    })
  }
}

function waitsOf(life: Life): readonly Wait[] {
  const { at, invocations, quarantine } = life.record
  if (invocations.length === 0 || quarantine !== undefined) return []
  return dueRetries(life, Number.MAX_VALUE).flatMap(command => {
    const id = command.commandId
    if (command.kind === 'operator' && command.order.type === 'attempt') {
      const { task } = taskOf(life, command.order.token)
      return [{ id, ms: task.dueAt! - at, command, isRenewed: false }]
    }
    if (command.kind !== 'result') return []
    const { invocation, task } = taskOf(life, command.token)
    return task.state === 'elsewhere' ? waitsElsewhere(command, invocation, task, at) : []
  })
}

/** For its result, and for its next word, which is all that the actor hears while it waits. */
function waitsElsewhere(silent: ResultCommand, invocation: Invocation, task: Task, at: number): Wait[] {
  const { commandId: id } = silent
  const { dueAt, endsAt } = task
  const slow: ResultCommand = {
    ...silent,
    outcome: { status: 'error', ...overdue({ ...task, dueAt: endsAt! }, invocation) },
  }
  const end: Wait = { id: `${id}.end`, ms: endsAt! - at, command: slow, isRenewed: false }
  return dueAt === endsAt ? [end] : [end, { id, ms: dueAt! - at, command: silent, isRenewed: true }]
}

function taskOf(life: Life, token: InvocationToken): { invocation: Invocation; task: Task } {
  const invocation = life.record.invocations.find(one => one.epoch === token.epoch)!
  return { invocation, task: invocation.tasks[token.task]! }
}
