/**
 * Commands that actors have sent and no batch has stepped yet, and how many bytes they are. Every commit holds all of
 * them, so both are bounded, by who asks before a step.
 *
 * Invariant: what one batch leaves for the next is not weighed a second time.
 */
import { encodedLength } from '../../actors/codec.js'
import type { Command } from '../../actors/command.js'
import { Queue } from '../inbox/queue.js'

/** Of lists that were given out, the bytes of each command in them: for as long as they are held. */
const weights = new WeakMap<readonly Command[], readonly number[]>()

export class PendingCommands {
  readonly #commands = new Queue<Command>()
  readonly #weights = new Queue<number>()
  #bytes = 0

  /** @param carried what the batch before left, as that gave it out, or a journal. */
  constructor(carried: readonly Command[]) {
    this.replace(carried)
  }

  get size(): number {
    return this.#commands.size
  }

  get bytes(): number {
    return this.#bytes
  }

  push(command: Command): void {
    const weight = encodedLength(command)
    this.#commands.push(command)
    this.#weights.push(weight)
    this.#bytes += weight
  }

  shift(): Command | undefined {
    this.#bytes -= this.#weights.shift() ?? 0
    return this.#commands.shift()
  }

  replace(commands: readonly Command[]): void {
    const known = weights.get(commands) ?? commands.map(command => encodedLength(command))
    this.#commands.replace(commands)
    this.#weights.replace(known)
    this.#bytes = known.reduce((sum, weight) => sum + weight, 0)
  }

  /** All that waits, oldest first; stays. */
  toArray(): readonly Command[] {
    const commands = this.#commands.toArray()
    if (commands.length > 0) weights.set(commands, this.#weights.toArray())
    return commands
  }
}
