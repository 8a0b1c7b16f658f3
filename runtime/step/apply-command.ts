/**
 * The step: one command applied to one actor. Pure and synchronous; everything it wants is in what it
 * answers. Folding an actor's entries through this function makes the actor again, engine's part included.
 *
 * Invariant: it either answers a whole new life with its entry, or leaves everything as it was.
 */

import { toErrorValue } from '../../actors/codec.js'
import type { Command, MessageCommand } from '../../actors/command.js'
import type { JournalEntry } from '../../actors/commit.js'
import { digest } from '../../actors/digest.js'
import { type ErrorValue, NotHandledError, OverloadedError } from '../../actors/errors.js'
import type { Limits } from '../../actors/limits.js'
import { isReservedType, runDeterministically } from '../../machines/index.js'
import type { Application, Applied, StepSite } from './application.js'
import { applyEffects, sendEvent, sendResult } from './apply-effects.js'
import { applyOrder, concerns } from './apply-order.js'
import { applyResult, awaits } from './apply-result.js'
import type { Bindings } from './bindings.js'
import { childBirth, rootBirth } from './birth.js'
import { type Birth, Draft, type Writable } from './draft.js'
import { failed } from './failed-step.js'
import type { Life } from './life.js'
import { atRest, hold } from './quarantine.js'
import { remember, repetition } from './recent-commands.js'

export function applyCommand(before: Life | undefined, command: Command, site: StepSite): Application {
  const repeated = before === undefined ? undefined : repetition(before, command)
  if (repeated !== undefined) return repeated
  const of = subject(before, command, site)
  if ('kind' in of) return of
  const at = stamp(of, command, site)
  const draft = new Draft(of, { position: site.position, at, limits: site.limits, trace: command.trace })
  try {
    perform(draft, command)
    draft.assertFits()
    if (draft.sends.length > site.sendsMax)
      throw new OverloadedError(
        'the queue of commands sent by actors',
        site.limits.pendingCommandsMax,
        draft.address,
      )
    if (draft.sends.length > 0 && draft.leavingBytes > site.sendsBytesMax)
      throw new OverloadedError(
        'the queue of commands sent by actors (bytes)',
        site.limits.pendingBytesMax,
        draft.address,
      )
  } catch (error) {
    return failed(of, command, at, site, toErrorValue(error))
  }
  if (!draft.handled && command.kind === 'message' && draft.binding.behaviour.unhandled === 'refuse')
    return {
      kind: 'refused',
      error: new NotHandledError(
        draft.address,
        command.event.type,
        stateValueOf('record' in of ? of : undefined),
      ),
    }
  return applied('record' in of ? of : undefined, draft, command, site.digest ?? wantsDigest(draft))
}

/** Lets a command fail without stepping it. */
export function failCommand(
  before: Life | undefined,
  command: Command,
  site: StepSite,
  error: ErrorValue,
): Application {
  const repeated = before === undefined ? undefined : repetition(before, command)
  if (repeated !== undefined) return repeated
  const of = subject(before, command, site)
  return 'kind' in of ? of : failed(of, command, stamp(of, command, site), site, error)
}

/** Keeps a command for a quarantined actor until its release. @throws TooLargeError */
export function holdCommand(before: Life, command: Command, site: StepSite): Application {
  return hold(before, command, stamp(before, command, site), site)
}

/**
 * An actor's time never runs backwards, and no timer fires before its own: whatever became of the clock while
 * the command was pending.
 */
function stamp(of: Life | Birth, command: Command, site: StepSite): number {
  const told = command.at ?? site.now
  if (!('record' in of)) return Math.max(of.atBefore, told)
  const timer =
    command.kind === 'timer' ? of.record.timers.find(one => one.number === command.timer) : undefined
  // One that the machine failed on has no time of its own any more.
  const dueAt = timer !== undefined && Number.isFinite(timer.dueAt) ? timer.dueAt : told
  return Math.max(of.record.at, told, dueAt)
}

/**
 * Applies an entry again, as it was applied then. A step that failed then is not run again: what it left
 * is known.
 */
export function replay(
  before: Life | undefined,
  entry: JournalEntry,
  bindings: Bindings,
  limits: Limits,
): Application {
  const site = {
    position: entry.position,
    now: entry.at,
    limits,
    bindings,
    sendsMax: limits.pendingCommandsMax,
    sendsBytesMax: limits.pendingBytesMax,
    digest: entry.digest !== undefined,
  }
  const command = { ...entry.command, at: entry.at }
  if (entry.outcome === 'failed' && before !== undefined)
    return failed(before, command, entry.at, site, entry.error!)
  if (entry.outcome === 'held' && before !== undefined) return holdCommand(before, command, site)
  return applyCommand(before, command, site)
}

/** Whom the command is about: a life, an actor to be born, or nobody (then what to answer). */
function subject(before: Life | undefined, command: Command, site: StepSite): Life | Birth | Application {
  if (command.kind === 'operator' && command.order.type === 'spawn') return childBirth(before, command, site)
  if (before === undefined) return rootBirth(command, site)
  if (command.kind === 'start') return { kind: 'existing' }
  return isCurrent(before, command) ? (atRest(before, command) ?? before) : { kind: 'dropped' }
}

function isCurrent(life: Life, command: Command): boolean {
  if (command.kind === 'result') return awaits(life, command)
  if (command.kind === 'timer')
    return life.record.status === 'active' && life.record.timers.some(one => one.number === command.timer)
  if (command.kind === 'operator') return concerns(life, command.order)
  return true
}

function perform(draft: Draft, command: Command): void {
  switch (command.kind) {
    case 'start':
      return draft.begin(command.input)
    case 'message':
      return performMessage(draft, command)
    case 'timer':
      return performTimer(draft, command.timer)
    case 'result': {
      const meaning = applyResult(draft, command)
      if (meaning !== 'bookkeeping') draft.step(meaning.stimulus)
      return
    }
    case 'operator':
      return applyOrder(draft, command.order)
  }
}

function performMessage(draft: Draft, command: MessageCommand): void {
  if (isReservedType(command.event.type)) throw new Error(`event type '${command.event.type}' is reserved`)
  if (draft.status !== 'active') draft.handled = false
  else if (command.delayMs === undefined) draft.step({ type: 'event', event: command.event })
  else
    applyEffects(draft, [
      { type: 'timer', id: `delayed.${command.commandId}`, delayMs: command.delayMs, event: command.event },
    ])
  const { ask } = command
  if (ask !== undefined)
    sendResult(draft, ask.replyTo, { status: 'done', output: select(draft, ask.selector) })
}

function select(draft: Draft, name: string): unknown {
  const { selectors } = draft.binding.behaviour
  const selector = Object.hasOwn(selectors, name) ? selectors[name] : undefined
  if (selector === undefined)
    throw new Error(`no selector '${name}': expected one of ${Object.keys(selectors).join(', ') || 'none'}`)
  // A copy: what a selector does to it must not reach the state.
  const { logic } = draft.binding
  const snapshot = logic.snapshot(logic.decode(draft.bytes))
  return draft.stored(
    `what '${name}' selects`,
    runDeterministically(draft.context, () => selector(snapshot, draft.at)),
  )
}

function performTimer(draft: Draft, number: number): void {
  const timer = draft.timers.find(one => one.number === number)!
  draft.timers = draft.timers.filter(one => one !== timer)
  if (timer.to === undefined) draft.step({ type: 'timer', id: timer.id, event: timer.event })
  else sendEvent(draft, timer.to, timer.event)
}

function applied(before: Life | undefined, draft: Draft, command: Command, withDigest: boolean): Applied {
  const outcome = draft.handled ? 'applied' : 'unhandled'
  remember(draft, command, undefined)
  const life = draft.finish()
  const value = before !== undefined && before.state === life.state ? undefined : changedValue(before, life)
  const { address, seq, position, at } = draft
  const told = command.kind === 'start' ? { ...command, version: draft.version } : command
  const entry: Writable<JournalEntry> =
    value === undefined
      ? { address, seq, position, at, command: told, outcome }
      : { address, seq, position, at, command: told, outcome, value }
  if (withDigest) entry.digest = stepDigest(draft)
  return {
    kind: 'applied',
    life,
    entry,
    sends: draft.sends,
    published: draft.published,
    acts: draft.acts,
    leavingBytes: draft.leavingBytes,
    released: draft.released,
  }
}

function wantsDigest(draft: Draft): boolean {
  const { seq, limits, binding } = draft
  return (
    seq % limits.digestEvery === 0 || seq % binding.behaviour.snapshotEvery === 0 || draft.status !== 'active'
  )
}

function stepDigest(draft: Draft): string {
  const effects = draft.effects.map(effect => {
    if (effect.type === 'act') return { type: 'act', name: effect.name }
    return effect.type === 'log' ? { ...effect, value: loggedDigest(effect.value) } : effect
  })
  return digest({ state: draft.binding.logic.canonical(draft.state), effects })
}

/** Anything may be logged, as it goes nowhere: what cannot be stored is no reason to refuse the command. */
function loggedDigest(value: unknown): string {
  try {
    return digest(value)
  } catch {
    return typeof value
  }
}

function stateValueOf(life: Life | undefined): unknown {
  return life === undefined ? undefined : life.binding.logic.snapshot(life.state).value
}

function changedValue(before: Life | undefined, after: Life): unknown {
  const value = stateValueOf(after)
  return before !== undefined && isSameValue(stateValueOf(before), value) ? undefined : value
}

function isSameValue(one: unknown, other: unknown): boolean {
  return one === other || (typeof other === 'object' && JSON.stringify(one) === JSON.stringify(other))
}
