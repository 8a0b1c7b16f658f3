/**
 * An actor, and what it invoked, as an inspector shows them: their names, definitions and snapshots.
 *
 * An actor's session is its address. Work it invoked (an activity, an ask, an `each`) is an actor too in
 * XState's eyes; its session is the address, `@`, the id and the epoch: `order/o-1@0%2Echarging.7`.
 */
import { type Address, childAddress, childIdOf, encodeToken, parentOf, rootOf } from '../../actors/address.js'
import type { ErrorValue } from '../../actors/errors.js'
import type { ActorStatus } from '../../actors/logic.js'
import type { Invocation } from '../../actors/record.js'
import { machineOf } from '../../machines/machine-of.js'
import { configView } from '../../machines/view/config-view.js'
import { type Life, snapshotOf } from '../step/life.js'
import { type ActorMessage, headOf, type ShownSnapshot } from './protocol.js'
import type { Veil } from './veil.js'

const definitions = new WeakMap<object, string>()

/** The text that a machine's definition travels as; of other logic, its name alone. */
function definitionOf({ binding: { logic, behaviour } }: Life): string {
  const known = definitions.get(logic)
  if (known !== undefined) return known
  const machine = machineOf(logic)
  const text = JSON.stringify(machine === undefined ? { id: behaviour.type } : configView(machine))
  definitions.set(logic, text)
  return text
}

export function shownSnapshot(life: Life, veil: Veil): ShownSnapshot {
  const { address, children } = life.record
  const { status, value, context, output, error, tags } = snapshotOf(life)
  const ended = { output, error }
  return {
    status,
    value,
    context: veil.context(context, address),
    tags: [...tags],
    children: Object.fromEntries(children.map(({ id }) => [id, { sessionId: childAddress(address, id) }])),
    ...shownEnd(address, ended, veil),
  }
}

/** An output or an error is shown as what its `done` or `error` event may show of it. */
function shownEnd(address: Address, { output, error }: { output: unknown; error: unknown }, veil: Veil) {
  const id = childIdOf(address)
  if (error !== undefined)
    return { error: veil.event({ type: `xstate.error.actor.${id}`, error, actorId: id }, address).error }
  if (output === undefined) return {}
  return { output: veil.event({ type: `xstate.done.actor.${id}`, output, actorId: id }, address).output }
}

/** Says that an actor is there, and in which state. */
export function actorMessage(life: Life, veil: Veil, past: boolean): ActorMessage {
  const { address, seq, position, at, version } = life.record
  const origin = {
    address,
    kind: 'actor' as const,
    seq,
    position,
    version,
    ...(past && { past: true as const }),
  }
  return {
    type: '@xstate.actor',
    ...headOf(address, rootOf(address), at, 0, origin),
    name: address,
    parentId: parentOf(address),
    definition: definitionOf(life),
    snapshot: shownSnapshot(life, veil),
  }
}

export function invocationSession(address: Address, { id, epoch }: { id: string; epoch: number }): string {
  return `${address}@${encodeToken(id)}.${epoch}`
}

/** How invoked work ended. */
export interface WorkEnd {
  readonly status: ActorStatus
  readonly output?: unknown
  readonly error?: ErrorValue
}

/** What invoked work is doing. `end`: how it ended, when it has. */
export function invocationSnapshot(
  address: Address,
  { id, tasks }: Invocation,
  veil: Veil,
  end?: WorkEnd,
): ShownSnapshot {
  const [task] = tasks
  const { attempt, state, error: lastError } = task ?? {}
  const input =
    tasks.length === 1 ? veil.event({ type: 'xstate.init', input: task?.input }, address).input : undefined
  const shownError =
    lastError === undefined
      ? undefined
      : veil.event({ type: `xstate.error.actor.${id}`, error: lastError }, address).error
  const context =
    tasks.length === 1
      ? { input, attempt, state, lastError: shownError }
      : { tasks: tasks.length, ended: tasks.filter(one => ['done', 'failed'].includes(one.state)).length }
  return {
    status: end?.status ?? 'active',
    context,
    ...(end === undefined
      ? {}
      : shownEnd(`${address}/${encodeToken(id)}`, { output: end.output, error: end.error }, veil)),
  }
}
