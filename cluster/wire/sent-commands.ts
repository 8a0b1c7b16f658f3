/** The commands in one message from another shard, in the order they were sent: `log/commit-messages.ts` writes it. */
import { decode, toErrorValue } from '../../actors/codec.js'
import type { Command } from '../../actors/command.js'

const KINDS: Readonly<Record<Command['kind'], true>> = {
  start: true,
  message: true,
  result: true,
  timer: true,
  operator: true,
}

/** Never throws. */
export function readSentCommands(
  body: Uint8Array,
): { readonly commands: readonly Command[] } | { readonly found: string } {
  try {
    const commands = decode(body)
    if (!Array.isArray(commands) || commands.length === 0) return { found: 'no list' }
    const odd = commands.findIndex(one => !isCommand(one))
    return odd === -1 ? { commands } : { found: `a list whose item ${odd} is no command` }
  } catch (error) {
    return { found: toErrorValue(error).message }
  }
}

function isCommand(value: unknown): value is Command {
  const { kind, commandId, target } = (value ?? {}) as Partial<Record<keyof Command, unknown>>
  return (
    typeof kind === 'string' &&
    Object.hasOwn(KINDS, kind) &&
    typeof commandId === 'string' &&
    typeof target === 'string'
  )
}
