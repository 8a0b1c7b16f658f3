/** What came by streams: from shard to shard once and in order, and from outside though nobody waited for it. */
import type { Command } from '../../../actors/command.js'
import type { JournalEntry } from '../../../actors/commit.js'
import type { Sent } from '../cluster/shared-streams.js'
import type { Broken } from '../cluster/stream-clients.js'
import { type Evidence, entriesOf } from './evidence.js'

/** What an actor sent to one of another shard is stepped there once, in the order in which it was sent. */
export function checkSends(evidence: Evidence, sent: readonly Sent[]): void {
  const { fail } = evidence
  const stepped = new Map<string, JournalEntry[]>()
  for (const { truth } of evidence.shards)
    for (const entry of truth.entries) {
      if (entry.command.sender === undefined || entry.outcome === 'held') continue
      const name = nameOf(entry.command)
      stepped.set(name, [...(stepped.get(name) ?? []), entry])
    }
  const last = new Map<string, number>()
  const times = new Map<string, number>()
  const commands = sent.flatMap(one => one.commands)
  for (const command of commands) times.set(nameOf(command), (times.get(nameOf(command)) ?? 0) + 1)
  for (const command of commands) {
    const name = nameOf(command)
    const entries = (stepped.get(name) ?? []).filter(one => one.command.redriven === undefined)
    // What rides with no commit (word of attempts that are away) may be sent again, and is known by its token.
    const most = times.get(name) ?? 0
    if (entries.length > most) fail(`${name} was sent ${most} times and stepped ${entries.length} times`)
    const [entry] = entries
    const isKept = evidence.of(command.target).truth.buried.has(`${command.target} ${command.commandId}`)
    if (entry === undefined && !isKept && isWord(command)) fail(`${name} was sent and never stepped`)
    if (entry === undefined || !isWord(command)) continue
    const pair = `${command.sender} ${command.target}`
    if (entry.position < (last.get(pair) ?? 0)) fail(`${name} was stepped before what was sent before it`)
    last.set(pair, entry.position)
  }
}

/** A result that nobody waits for any more, and a question that is refused, leave no trace. */
function isWord(command: Command): boolean {
  return command.kind === 'message' && command.ask === undefined
}

function nameOf({ commandId, sender, target }: Command): string {
  return `${commandId} from ${sender} to ${target}`
}

/** What nobody waits for is stepped, or kept as a dead letter. */
export function checkUnheard(evidence: Evidence): void {
  for (const { order, address, isUnheard } of evidence.given) {
    if (isUnheard !== true) continue
    const entries = entriesOf(evidence, address).filter(
      ({ command, outcome }) => command.commandId === order.id && outcome !== 'held',
    )
    const letters = evidence.of(address).truth.buried.get(`${address} ${order.id}`) ?? 0
    if (entries.length + letters === 0) evidence.fail(`${order.id} to ${address} was stored and lost`)
    const isWhole = entries.some(one => one.outcome !== 'failed' && one.command.redriven === undefined)
    if (isWhole && letters > 0) evidence.fail(`${order.id} to ${address} was stepped, and kept as a letter`)
  }
}

/** What the door refused nobody steps; it is kept where nobody was told. */
export function checkBroken(evidence: Evidence, broken: readonly Broken[]): void {
  for (const { command, isUnheard, refused } of broken) {
    const { commandId, target } = command
    if (entriesOf(evidence, target).some(entry => entry.command.commandId === commandId))
      evidence.fail(`${commandId} was refused at the door, and stepped`)
    const letters = evidence.of(target).truth.buried.get(`${target} ${commandId}`) ?? 0
    if (letters !== (isUnheard ? 1 : 0)) evidence.fail(`${commandId} is kept ${letters} times`)
    if (isUnheard && refused) evidence.fail(`${commandId} was answered, and nobody waited`)
  }
}
