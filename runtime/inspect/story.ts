/**
 * What one entry of an actor's history means in an inspector's words, in XState's order: work that ended, the
 * event with who sent it, the state it led to, work that began.
 */
import { type Address, childAddress, parentOf, rootOf } from '../../actors/address.js'
import type { ActorEvent, Command } from '../../actors/command.js'
import type { JournalEntry } from '../../actors/commit.js'
import type { Invocation } from '../../actors/record.js'
import { isBirth } from '../commit/history.js'
import type { Life } from '../step/life.js'
import { headOf, type Message } from './protocol.js'
import {
  actorMessage,
  invocationSession,
  invocationSnapshot,
  shownSnapshot,
  type WorkEnd,
} from './shown-life.js'
import type { Veil } from './veil.js'

export interface Told {
  /** The actor before the entry; absent at its birth. */
  readonly before: Life | undefined
  readonly entry: JournalEntry
  readonly life: Life
  /** Whether it is told to somebody who came late. */
  readonly past: boolean
}

export function messagesOf(told: Told, veil: Veil): Message[] {
  const { before, entry, life, past } = told
  const event = eventOf(entry, before, life)
  const shown = event && shownEvent(event, entry.address, veil)
  const heard =
    shown === undefined
      ? []
      : [
          {
            ...head(told, 1),
            type: '@xstate.event' as const,
            sourceId: sourceOf(entry, before),
            event: shown,
          },
          {
            ...head(told, 2),
            type: '@xstate.snapshot' as const,
            event: shown,
            snapshot: shownSnapshot(life, veil),
          },
        ]
  return [
    ...(isBirth(entry) ? [actorMessage(life, veil, past)] : []),
    ...endedWork(told, veil),
    ...heard,
    ...begunWork(told, veil),
  ]
}

/** An event within an event passes the veil by itself: a sanitiser knows it by its own type. */
function shownEvent(event: ActorEvent, address: Address, veil: Veil): ActorEvent {
  if (event.type !== '$delayed') return veil.event(event, address)
  return { ...event, event: veil.event(event.event as ActorEvent, address) }
}

function head({ entry, life, past }: Told, number: number, session: string = entry.address) {
  const { address, seq, position, at, outcome, error } = entry
  return headOf(session, rootOf(address), at, number, {
    address,
    kind: session === address ? 'actor' : 'activity',
    seq,
    position,
    version: life.record.version,
    outcome,
    ...(error !== undefined && { error }),
    ...(past && { past: true as const }),
  })
}

/** The event the machine was given; undefined for what it was told nothing of, as a failed attempt to be made again. */
function eventOf(entry: JournalEntry, before: Life | undefined, life: Life): ActorEvent | undefined {
  const { command } = entry
  if (entry.outcome === 'held') return undefined
  switch (command.kind) {
    case 'start':
      return { type: 'xstate.init', input: command.input }
    case 'message':
      return command.delayMs === undefined
        ? command.event
        : { type: '$delayed', delayMs: command.delayMs, event: command.event }
    case 'result':
      return resultEvent(command, life)
    case 'timer': {
      const timer = before?.record.timers.find(one => one.number === command.timer)
      return timer?.to === undefined ? (timer?.event ?? { type: '$timer' }) : undefined
    }
    case 'operator':
      return orderEvent(command.order)
  }
}

function resultEvent(
  { token, outcome }: Extract<Command, { kind: 'result' }>,
  life: Life,
): ActorEvent | undefined {
  const { id, epoch } = token
  // The child itself is shown, with that snapshot.
  if (outcome.status === 'snapshot') return { type: `xstate.snapshot.${id}` }
  // Still owed: there will be another attempt, or other tasks of an `each` are not done.
  if (life.record.invocations.some(one => one.epoch === epoch)) return undefined
  return outcome.status === 'done'
    ? { type: `xstate.done.actor.${id}`, output: outcome.output, actorId: id }
    : { type: `xstate.error.actor.${id}`, error: outcome.error, actorId: id }
}

function orderEvent(order: Extract<Command, { kind: 'operator' }>['order']): ActorEvent | undefined {
  switch (order.type) {
    case 'spawn':
      return { type: 'xstate.init', input: order.input }
    case 'terminate':
      return { type: '$terminate', reason: order.reason }
    case 'stop':
      return { type: 'xstate.stop' }
    case 'quarantine':
    case 'release':
      return { ...order, type: `$${order.type}` }
    default:
      // Bookkeeping of attempts: the machine hears nothing.
      return undefined
  }
}

/** The session of whoever sent it; undefined when it came from outside, or from the actor's own timer. */
function sourceOf({ address, command }: JournalEntry, before: Life | undefined): string | undefined {
  if (command.kind === 'timer') return address
  if (command.kind !== 'result') return command.sender ?? (isSpawn(command) ? parentOf(address) : undefined)
  const { id, epoch } = command.token
  const isWork = before?.record.invocations.some(one => one.epoch === epoch) === true
  return isWork ? invocationSession(address, { id, epoch }) : childAddress(address, id)
}

function isSpawn(command: Command): boolean {
  return command.kind === 'operator' && command.order.type === 'spawn'
}

/** Work that ended, or failed and will be tried again. */
function endedWork(told: Told, veil: Veil): Message[] {
  const { before, entry, life } = told
  const now = new Map(life.record.invocations.map(one => [one.epoch, one]))
  return (before?.record.invocations ?? []).flatMap(was => {
    const still = now.get(was.epoch)
    if (still !== undefined && !hasMoved(was, still)) return []
    const end = still === undefined ? endOf(was, entry) : undefined
    return [
      {
        ...head(told, 0, invocationSession(entry.address, was)),
        type: '@xstate.snapshot' as const,
        event: { type: end === undefined ? '$attempt' : `$${end.status}` },
        snapshot: invocationSnapshot(entry.address, still ?? was, veil, end),
      },
    ]
  })
}

function hasMoved(was: Invocation, is: Invocation): boolean {
  return was.tasks.some((task, index) => {
    const next = is.tasks[index]
    return task.attempt !== next?.attempt || task.state !== next.state
  })
}

/** How work ended that is gone from the record: by the result in this entry, or because its state was left. */
function endOf(was: Invocation, { command }: JournalEntry): WorkEnd {
  if (command.kind !== 'result' || command.token.epoch !== was.epoch) return { status: 'stopped' }
  const { outcome } = command
  if (outcome.status === 'error') return { status: 'error', error: outcome.error }
  return {
    status: 'done',
    ...(outcome.status === 'done' && was.tasks.length === 1 && { output: outcome.output }),
  }
}

function begunWork(told: Told, veil: Veil): Message[] {
  const { before, entry, life } = told
  const known = new Set((before?.record.invocations ?? []).map(one => one.epoch))
  return life.record.invocations
    .filter(one => !known.has(one.epoch))
    .map(one => workMessage(life, one, veil, head(told, 3, invocationSession(entry.address, one))))
}

/** Says that work is there. */
function workMessage(
  life: Life,
  invocation: Invocation,
  veil: Veil,
  common: ReturnType<typeof headOf>,
): Message {
  const { address } = life.record
  return {
    ...common,
    type: '@xstate.actor',
    name: invocation.src,
    parentId: address,
    definition: JSON.stringify({ id: invocation.src }),
    snapshot: invocationSnapshot(address, invocation, veil),
  }
}

/** An actor as it is, and what it has under way: for a viewer that just came. */
export function pictureOf(life: Life, veil: Veil, past: boolean): Message[] {
  const { address, seq, position, at, version, invocations } = life.record
  return [
    actorMessage(life, veil, past),
    ...invocations.map(one => {
      const origin = { address, kind: 'activity' as const, seq, position, version }
      const common = headOf(invocationSession(address, one), rootOf(address), at, 3, origin)
      return workMessage(life, one, veil, common)
    }),
  ]
}

/** What is last said of an actor here: it lives elsewhere from now on, as it was. */
export function farewellOf(life: Life, at: number, veil: Veil): Message[] {
  const { address, seq, position, version } = life.record
  const event = { type: '$elsewhere' }
  const said = (number: number) =>
    headOf(address, rootOf(address), at, number, { address, kind: 'actor', seq, position, version })
  return [
    { ...said(4), type: '@xstate.event', sourceId: undefined, event },
    { ...said(5), type: '@xstate.snapshot', event, snapshot: shownSnapshot(life, veil) },
  ]
}

/** The addresses of an actor's living children. */
export function childrenOf({ record }: Life): Address[] {
  return record.children.map(child => childAddress(record.address, child.id))
}
