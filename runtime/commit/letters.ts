/**
 * The dead letters a batch makes and takes away.
 *
 * Invariant: a letter is taken away once, by the commit that says what became of it.
 */
import type { Command, InvocationToken, LetterOrder, OperatorCommand } from '../../actors/command.js'
import type { DeadLetter, SettledLetter } from '../../actors/commit.js'
import type { KeptLetter } from '../../actors/journal.js'
import { isLetterOrder } from '../step/apply-order.js'

export interface LetterCommand extends OperatorCommand {
  readonly order: LetterOrder
}

export function isAboutLetter(command: Command): command is LetterCommand {
  return command.kind === 'operator' && isLetterOrder(command.order)
}

/** A letter's command as it is stepped again: attempts that killed the process are counted anew. */
export function meantBy({ id, command }: KeptLetter): Command {
  const { attempts: _, unheard: __, ...meant } = command
  return { ...meant, redriven: id }
}

/**
 * What another actor waits for it as: an ask, or a child's birth. Told of its failure that actor went on without
 * it, so that to do it all the same would undo what was decided since.
 */
export function awaitedAs(command: Command): InvocationToken | undefined {
  if (command.kind === 'message') return command.ask?.replyTo
  return command.kind === 'operator' && command.order.type === 'spawn' ? command.order.token : undefined
}

export class Letters {
  readonly dead: DeadLetter[] = []
  readonly #settled = new Map<string, SettledLetter>()
  readonly #committed: (id: string) => KeptLetter | undefined

  /** @param committed a letter as the journal has it. */
  constructor(committed: (id: string) => KeptLetter | undefined) {
    this.#committed = committed
  }

  /** The letter an order is about; undefined when it is gone, or is not of that actor. */
  find({ order, target }: LetterCommand): KeptLetter | undefined {
    if (this.#settled.has(order.letter)) return undefined
    const letter = this.#committed(order.letter)
    return letter?.command.target === target ? letter : undefined
  }

  settle({ order }: LetterCommand): void {
    const { letter: id } = order
    const dropped = { id, how: 'dropped' as const }
    if (order.type === 'redrive') this.#settled.set(id, { id, how: 'redriven' })
    else this.#settled.set(id, order.reason === undefined ? dropped : { ...dropped, reason: order.reason })
  }

  get settled(): readonly SettledLetter[] {
    return [...this.#settled.values()]
  }

  get isEmpty(): boolean {
    return this.dead.length === 0 && this.#settled.size === 0
  }
}
