/**
 * XState's list of actions as effects. Order is XState's, but that a child's birth stands before what is sent
 * to it (XState lists entry actions before invocations), and that a child born and stopped within one
 * macrostep never was: XState would not have started it either.
 *
 * Runs no user code; custom actions are wrapped for after the commit.
 */
import type { Address } from '../../actors/address.js'
import type { ActorEvent } from '../../actors/command.js'
import type { Effect } from '../../actors/effect.js'
import { Reference } from '../../actors/reference.js'
import { isReservedType } from '../reserved-events.js'
import { ChildReference, childAddressOf, childIdUnder } from './references.js'
import type { StepSystem } from './system.js'
import type { BornActor, ListedAction } from './types.js'

/** What turning actions into effects needs to know about the machine and the step. */
export interface Workshop {
  readonly machineId: string
  readonly self: Address
  readonly system: StepSystem
  /** Ids of the children before the step. */
  readonly children: readonly string[]
  /** Whether `src` is an activity, ask or `each` rather than a child. */
  isTask(src: string): boolean
  /** Puts references in place of newborn children that user code was given. */
  release<Value>(value: Value): Value
}

interface Draft {
  readonly effect: Effect
  /** The child it gives birth to. */
  readonly birth?: BornActor
  /** The newborn child it is sent to. */
  readonly towards?: BornActor
}

/** The effects of the step that `workshop.system` has noted. */
export function effectsOf(workshop: Workshop): Effect[] {
  const { noted } = workshop.system
  const stillborn: BornActor[] = []
  const drafts: Draft[] = []
  let births = 0
  for (const each of noted) {
    const draft =
      each.kind === 'birth' ? birth(workshop, each.actor) : drafted(workshop, each.action, stillborn)
    if (draft === undefined) continue
    if (draft.birth !== undefined) births++
    drafts.push(draft)
  }
  if (births > 0 && !isArranged(drafts, stillborn, workshop.children))
    return arranged(drafts, stillborn, workshop.children)
  return drafts.map(draft => draft.effect)
}

/**
 * Whether `arranged` would leave everything as it is, which is so in nearly every step that bears anything: one
 * child after the other, under ids of their own (measured: 270 bytes a step).
 */
function isArranged(
  drafts: readonly Draft[],
  stillborn: readonly BornActor[],
  children: readonly string[],
): boolean {
  if (stillborn.length > 0) return false
  for (let at = 0; at < drafts.length; at++) {
    const { effect, birth, towards } = drafts[at]!
    if (towards !== undefined) return false
    const isStop = effect.type === 'stop'
    if (birth === undefined && !isStop) continue
    const id = birth === undefined ? (effect as { id: string }).id : birth.id
    // What is stopped was there before the step, what is born was not; and none of them is spoken of twice.
    if (children.includes(id) !== isStop || speaksOf(id, drafts, at)) return false
  }
  return true
}

/** Whether one of the first `end` gives birth to a child of that id, or stops it. */
function speaksOf(id: string, drafts: readonly Draft[], end: number): boolean {
  for (let at = 0; at < end; at++) {
    const { effect, birth } = drafts[at]!
    if ((birth !== undefined || effect.type === 'stop') && (effect as { id: string }).id === id) return true
  }
  return false
}

/**
 * Drops what concerns the stillborn, moves births before the first send to the child, and frees their ids.
 * Lists are searched: they are short, and sets of them cost more than all the rest.
 */
function arranged(
  drafts: readonly Draft[],
  stillborn: readonly BornActor[],
  children: readonly string[],
): Effect[] {
  const unborn = drafts.filter(draft => draft.birth !== undefined)
  const living = [...children]
  const effects: Effect[] = []
  for (const { effect, birth, towards } of drafts) {
    const child = birth ?? towards
    const at = child === undefined ? -1 : unborn.findIndex(draft => draft.birth === child)
    if (child !== undefined && at !== -1) {
      const [due] = unborn.splice(at, 1) as [Draft]
      // XState would leave the old child running, and nameless: whoever takes its id replaces it.
      if (removed(living, child.id)) effects.push({ type: 'stop', id: child.id })
      if (!stillborn.includes(child)) {
        effects.push(due.effect)
        living.push(child.id)
      }
    }
    if (effect.type === 'stop') {
      if (removed(living, effect.id)) effects.push(effect)
    } else if (birth === undefined && (child === undefined || !stillborn.includes(child)))
      effects.push(effect)
  }
  return effects
}

/** Whether it was there to be removed. */
function removed(ids: string[], id: string): boolean {
  const at = ids.indexOf(id)
  if (at !== -1) ids.splice(at, 1)
  return at !== -1
}

function birth(workshop: Workshop, actor: BornActor): Draft {
  const { id } = actor
  const src = actor.src as string
  const input = workshop.release(actor.options.input)
  if (workshop.isTask(src)) return { birth: actor, effect: { type: 'invoke', id, src, input } }
  const syncSnapshot = actor._syncSnapshot ?? false
  return { birth: actor, effect: { type: 'spawn', id, src, input, syncSnapshot } }
}

function drafted(workshop: Workshop, action: ListedAction, stillborn: BornActor[]): Draft | undefined {
  switch (action.type) {
    case 'xstate.spawnChild':
      return checkSpawn(workshop, action.params as SpawnParams)
    case 'xstate.stopChild':
      return stop(workshop, action.params as BornActor | Reference | undefined, stillborn)
    case 'xstate.raise':
      return raised(workshop, action.params as RaiseParams)
    case 'xstate.sendTo':
      return sent(workshop, action.params as SendParams)
    case 'xstate.cancel':
      return { effect: { type: 'cancel', id: (action.params as { sendId: string }).sendId } }
    case 'xstate.emit':
      return {
        effect: { type: 'publish', event: checkEvent(workshop, 'emit', (action.params as SendParams).event) },
      }
    case 'xstate.log':
      return {
        effect: { type: 'log', ...workshop.release(action.params as { value: unknown; label?: string }) },
      }
    default:
      return custom(workshop, action)
  }
}

interface SpawnParams {
  readonly id: unknown
  readonly src: unknown
  readonly actorRef: BornActor | undefined
}

/** The birth itself was noted when XState made the child; here it only shows what it was made from. */
function checkSpawn({ machineId }: Workshop, { id, src, actorRef }: SpawnParams): undefined {
  if (actorRef === undefined)
    throw new Error(
      `machine '${machineId}' spawns '${String(src)}', which is not among its actors: add it to setup({ actors })`,
    )
  if (id === undefined)
    throw new Error(
      `machine '${machineId}' spawns '${String(src)}' by spawnChild without an id: give it one, so that it can be addressed and stopped`,
    )
}

function stop(
  workshop: Workshop,
  child: BornActor | Reference | undefined,
  stillborn: BornActor[],
): Draft | undefined {
  if (child === undefined) return undefined
  if (!(child instanceof Reference)) {
    stillborn.push(child)
    return undefined
  }
  const id = child instanceof ChildReference ? child.id : childIdUnder(workshop.self, child)
  if (id === undefined)
    throw new Error(
      `${workshop.self} cannot stop ${child.address}: stopChild works on the machine's own children`,
    )
  return { effect: { type: 'stop', id } }
}

interface RaiseParams {
  readonly event: ActorEvent
  readonly id: string | undefined
  readonly delay: number | undefined
}

function raised(workshop: Workshop, { event, id, delay }: RaiseParams): Draft | undefined {
  if (typeof delay !== 'number') {
    // Without a delay XState has consumed it already; for `after` that means the delay came to nothing.
    if (event.type.startsWith('xstate.after.'))
      throw new Error(
        `machine '${workshop.machineId}': the delay of '${event.type}' is ${String(delay)}, expected milliseconds`,
      )
    return undefined
  }
  return { effect: timer(workshop, id, delay, checkEvent(workshop, 'raise', event)) }
}

interface SendParams extends RaiseParams {
  readonly to: unknown
}

function sent(workshop: Workshop, { to, event: sentEvent, id, delay }: SendParams): Draft | undefined {
  const target = targetOf(workshop, to)
  if (target === undefined) return undefined
  const { address, towards } = target
  const event = checkEvent(workshop, 'sendTo', sentEvent)
  if (isReservedType(event.type) && address !== workshop.self)
    throw new Error(
      `machine '${workshop.machineId}' sends '${event.type}' to ${address}: that type is reserved`,
    )
  const born = towards === undefined ? {} : { towards }
  if (delay === undefined) return { ...born, effect: { type: 'send', to: address, event } }
  const elsewhere = address === workshop.self ? undefined : address
  return { ...born, effect: timer(workshop, id, delay, event, elsewhere) }
}

/** Where a send goes; undefined for a running activity, which hears nothing. */
function targetOf(workshop: Workshop, to: unknown): { address: Address; towards?: BornActor } | undefined {
  if (to instanceof Reference) {
    const isActivity = to instanceof ChildReference && to.src !== undefined && workshop.isTask(to.src)
    return isActivity ? undefined : { address: to.address }
  }
  const born = workshop.system.noted.find(noted => noted.kind === 'birth' && noted.actor === to)
  if (born?.kind === 'birth') {
    if (workshop.isTask(born.actor.src as string)) return undefined
    return { address: childAddressOf(workshop.self, born.actor.id), towards: born.actor }
  }
  throw new Error(
    `machine '${workshop.machineId}' sends to ${typeof to === 'object' ? 'a live actor' : String(to)}: expected self, a child, or ref(type, key)`,
  )
}

function timer(
  workshop: Workshop,
  id: string | undefined,
  delay: number,
  event: ActorEvent,
  to?: Address,
): Effect {
  if (!Number.isFinite(delay))
    throw new Error(
      `machine '${workshop.machineId}': the delay of '${event.type}' is ${delay}, expected milliseconds`,
    )
  if (id !== undefined && typeof id !== 'string')
    throw new Error(
      `machine '${workshop.machineId}': the id of the delayed '${event.type}' is a ${typeof id}, expected a string`,
    )
  const set = { type: 'timer', id: id ?? workshop.system.mint(), delayMs: Math.max(0, delay), event } as const
  return to === undefined ? set : { ...set, to }
}

function custom(workshop: Workshop, { type, info, params, exec }: ListedAction): Draft {
  if (exec === undefined)
    throw new Error(`machine '${workshop.machineId}' runs the action '${type}', which has no implementation`)
  const given = { ...info, context: workshop.release(info.context) }
  return { effect: { type: 'act', name: type, run: () => exec(given, workshop.release(params)) } }
}

/** The event as it leaves. */
function checkEvent({ machineId, release }: Workshop, action: string, event: unknown): ActorEvent {
  const type = (event as ActorEvent | undefined)?.type
  if (typeof event !== 'object' || typeof type !== 'string')
    throw new Error(
      `machine '${machineId}': ${action} expects an event object with a type, found ${typeof event}`,
    )
  return release(event as ActorEvent)
}
