/**
 * An actor that rests by an operator's order: what still reaches it, what is refused, and what is held back.
 *
 * Whoever waits for an answer is told at once. What nobody waits for (what was told to a stream, what actors sent, results
 * of its own work) is kept in its record, in order: it moves and is restored with the actor, costs nobody else anything,
 * and needs nobody to hand it in again. Timers and owed attempts need no keeping, since the record owes them still.
 *
 * Invariants: nothing of its logic runs; the record is the fold of its entries, those that say `held` among them.
 */
import type { Command, OperatorOrder } from '../../actors/command.js'
import { QuarantinedError } from '../../actors/errors.js'
import type { Limits } from '../../actors/limits.js'
import type { Application, StepSite } from './application.js'
import { parkResult } from './apply-result.js'
import { Draft } from './draft.js'
import type { Life } from './life.js'

/** Those that are carried out all the same: they end it, or keep its books. */
const CARRIED_OUT: ReadonlySet<OperatorOrder['type']> = new Set([
  'release',
  'terminate',
  'stop',
  'recover',
  'away',
  'gone',
  'handOff',
  'beat',
])
/** Those that are in its record, and are asked for again once it is released. */
const AT_REST: ReadonlySet<OperatorOrder['type']> = new Set(['attempt', 'quarantine'])

/** What becomes of a command that would be stepped now; undefined for one that is carried out. */
export function atRest({ record }: Life, command: Command): Application | undefined {
  if (record.quarantine === undefined) return undefined
  if (command.kind === 'timer') return { kind: 'dropped' }
  if (command.kind === 'operator') {
    if (CARRIED_OUT.has(command.order.type)) return undefined
    if (AT_REST.has(command.order.type)) return { kind: 'dropped' }
  }
  return { kind: 'refused', error: new QuarantinedError(record.address, record.quarantine.reason) }
}

/** Whether a refused command is to be held back instead. @param isHeard whether somebody waits for what comes of it. */
export function isToHold({ record }: Life, command: Command, isHeard: boolean, limits: Limits): boolean {
  const { quarantine } = record
  if (quarantine === undefined) return false
  // Bounded by what it invoked, and told once.
  if (command.kind === 'result') return true
  if (isHeard || (command.kind === 'message' && command.ask !== undefined)) return false
  return quarantine.held.length < limits.heldCommandsMax
}

/** Keeps it for the release. @throws TooLargeError when the record has no room for it. */
export function hold(before: Life, command: Command, at: number, site: StepSite): Application {
  const draft = new Draft(before, { position: site.position, at, limits: site.limits, trace: command.trace })
  const { attempts: _, ...kept } = command
  const quarantine = before.record.quarantine!
  draft.quarantine = { ...quarantine, held: [...quarantine.held, kept] }
  draft.weigh(kept)
  // Recorded, it must not be lost with the process: the attempt is owed no more.
  if (command.kind === 'result') parkResult(draft, command.token)
  draft.assertFits()
  const { address, seq, position } = draft
  return {
    kind: 'applied',
    life: draft.finish(),
    entry: { address, seq, position, at, command, outcome: 'held' },
    sends: [],
    published: [],
    acts: [],
    leavingBytes: 0,
    released: [],
  }
}
