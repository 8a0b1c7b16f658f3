/**
 * How a trace context goes from a step to what it causes: spread into a command, or into what a record keeps.
 * Where there is none nothing is stored, and nothing allocated to say so.
 */
import type { Command } from '../../actors/command.js'

const NONE: Carried = {}

interface Carried {
  readonly trace?: string
}

export function carried(trace: string | undefined): Carried {
  return trace === undefined ? NONE : { trace }
}

/** The command, carrying that context and no other. */
export function carrying(command: Command, carried: string | undefined): Command {
  const { trace: _, ...rest } = command
  return carried === undefined ? rest : { ...rest, trace: carried }
}
