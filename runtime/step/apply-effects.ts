/**
 * Turns a step's effects into what the actor's record must remember and the commands it sends. Pure: what
 * has to happen outside is read off the committed record later.
 */
import { addressOf, childAddress } from '../../actors/address.js'
import { toErrorValue } from '../../actors/codec.js'
import type { ActorEvent, InvocationToken, OperatorOrder, Outcome } from '../../actors/command.js'
import type { Effect } from '../../actors/effect.js'
import type { Source, TaskSource } from '../../actors/logic.js'
import type { Invocation, Task } from '../../actors/record.js'
import { carried } from './carried-trace.js'
import type { Draft } from './draft.js'

/** @throws Error when an effect is malformed or passes a limit: the step fails. */
export function applyEffects(draft: Draft, effects: readonly Effect[]): void {
  if (effects.length > draft.limits.stepEffectsMax)
    throw new Error(
      `one step wants ${effects.length} effects, at most ${draft.limits.stepEffectsMax} are allowed`,
    )
  for (const effect of effects) applyEffect(draft, effect)
  if (draft.status !== 'active') release(draft)
  tellParent(draft)
}

function applyEffect(draft: Draft, effect: Effect): void {
  switch (effect.type) {
    case 'invoke':
      return invoke(draft, effect.id, effect.src, effect.input)
    case 'spawn':
      return spawn(draft, effect.id, effect.src, effect.input, effect.syncSnapshot)
    case 'stop':
      return stop(draft, effect.id)
    case 'timer':
      return setTimer(draft, effect)
    case 'cancel':
      return cancelTimer(draft, effect.id)
    case 'send':
      return sendEvent(draft, effect.to, draft.leaving('an event it sends', effect.event) as ActorEvent)
    case 'publish':
      return draft.publish(draft.leaving('an event it emits', effect.event) as ActorEvent)
    case 'act':
      return draft.act({ address: draft.address, name: effect.name, run: effect.run })
    case 'log':
      return
  }
}

export function sendEvent(draft: Draft, target: string, event: ActorEvent): void {
  draft.send({
    kind: 'message',
    commandId: draft.mintCommandId(),
    sender: draft.address,
    target,
    at: draft.at,
    event,
  })
}

/** `at`: when it happened, for one whose time is the actor's own; an asker's is not, and its time stays as it is. */
export function sendResult(draft: Draft, token: InvocationToken, outcome: Outcome, at?: number): void {
  draft.send({
    kind: 'result',
    commandId: draft.mintCommandId(),
    sender: draft.address,
    target: token.actor,
    ...(at === undefined ? {} : { at }),
    token,
    outcome,
  })
}

function invoke(draft: Draft, id: string, src: string, input: unknown): void {
  stop(draft, id)
  if (draft.invocations.length >= draft.limits.actorInvocationsMax)
    throw new Error(`more than ${draft.limits.actorInvocationsMax} invocations at once`)
  const source = draft.binding.logic.source(src)
  if (source === undefined || source.kind === 'child')
    throw new Error(`'${src}' is nothing that can be invoked`)
  const epoch = ++draft.epoch
  const stored = draft.stored(`the input of '${id}'`, input)
  const inputs = source.kind === 'each' ? itemsOf(draft, id, stored) : [stored]
  const of = source.kind === 'each' ? source.of : source
  const startable = source.kind === 'each' ? source.concurrency : 1
  const invocation: Invocation = {
    id,
    src,
    epoch,
    position: draft.position,
    startedAt: draft.at,
    deadlineAt: draft.at + (of.kind === 'ask' ? of.timeoutMs : of.policy.overallMs),
    tasks: inputs.map(
      (one, index): Task => ({
        input: one,
        attempt: 1,
        state: index < startable ? startState(of) : 'queued',
      }),
    ),
    ...traced(draft),
  }
  draft.invocations = draft.invocations.length === 0 ? [invocation] : [...draft.invocations, invocation]
  if (invocation.tasks.length === 0)
    return sendResult(draft, draft.token(id, epoch, 0, 1), { status: 'done', output: [] })
  for (let index = 0; index < Math.min(startable, invocation.tasks.length); index++)
    beginTask(draft, invocation, index, of)
}

function itemsOf(draft: Draft, id: string, input: unknown): readonly unknown[] {
  if (!Array.isArray(input)) throw new Error(`'${id}' wants an array as its input, found ${typeof input}`)
  if (input.length > draft.limits.eachItemsMax)
    throw new Error(
      `'${id}' was given ${input.length} items, at most ${draft.limits.eachItemsMax} are allowed`,
    )
  return input
}

export function startState(source: TaskSource): 'ready' | 'asked' {
  return source.kind === 'ask' ? 'asked' : 'ready'
}

/** Sends the question of an ask; an activity needs nothing, its record is what it is dispatched from. */
export function beginTask(draft: Draft, invocation: Invocation, index: number, source: TaskSource): void {
  if (source.kind !== 'ask') return
  const task = invocation.tasks[index]!
  const token = draft.token(invocation.id, invocation.epoch, index, task.attempt)
  try {
    const { key, event } = question(task.input)
    draft.send({
      kind: 'message',
      commandId: draft.mintCommandId(),
      sender: draft.address,
      target: addressOf(source.actorType, key),
      at: draft.at,
      event,
      ask: { selector: source.selector, replyTo: token },
    })
  } catch (error) {
    sendResult(draft, token, { status: 'error', error: toErrorValue(error), retry: false })
  }
}

function question(input: unknown): { key: string; event: ActorEvent } {
  const { key, event } = (typeof input === 'object' && input !== null ? input : {}) as {
    key?: unknown
    event?: unknown
  }
  if (typeof key !== 'string')
    throw new TypeError(`an ask's input is { key, event }: expected a string key, found ${typeof key}`)
  if (typeof event !== 'object' || event === null || typeof (event as { type?: unknown }).type !== 'string')
    throw new TypeError(
      `an ask's input is { key, event }: expected an event with a type, found ${typeof event}`,
    )
  return { key, event: event as ActorEvent }
}

function spawn(draft: Draft, id: string, src: string, input: unknown, syncSnapshot: boolean): void {
  stop(draft, id)
  if (draft.children.length >= draft.limits.actorChildrenMax)
    throw new Error(`more than ${draft.limits.actorChildrenMax} children at once`)
  const srcs = [...(draft.child?.srcs ?? []), src]
  if (srcs.length > draft.limits.childDepthMax)
    throw new Error(`children nest deeper than ${draft.limits.childDepthMax}`)
  const epoch = ++draft.epoch
  draft.children = [...draft.children, { id, src, epoch }]
  sendOrder(draft, id, {
    type: 'spawn',
    srcs,
    input: draft.leaving(`the input of '${id}'`, input),
    version: draft.version,
    token: draft.token(id, epoch, 0, 1),
    syncSnapshot,
  })
}

function sendOrder(draft: Draft, child: string, order: OperatorOrder): void {
  draft.send({
    kind: 'operator',
    commandId: draft.mintCommandId(),
    sender: draft.address,
    target: childAddress(draft.address, child),
    at: draft.at,
    order,
  })
}

function stop(draft: Draft, id: string): void {
  if (draft.invocations.length > 0 && draft.invocations.some(one => one.id === id))
    draft.invocations = draft.invocations.filter(one => one.id !== id)
  if (draft.children.length === 0) return
  const child = draft.children.find(one => one.id === id)
  if (child === undefined) return
  draft.children = draft.children.filter(one => one !== child)
  sendOrder(draft, id, { type: 'stop', epoch: child.epoch })
}

function setTimer(draft: Draft, effect: Extract<Effect, { type: 'timer' }>): void {
  if (draft.timers.length >= draft.limits.actorTimersMax)
    throw new Error(`more than ${draft.limits.actorTimersMax} timers at once`)
  if (!Number.isFinite(effect.delayMs))
    throw new Error(
      `the delay of timer '${effect.id}' is ${effect.delayMs}, expected a number of milliseconds`,
    )
  draft.timers = [
    ...draft.timers,
    {
      number: ++draft.timer,
      id: effect.id,
      dueAt: draft.at + Math.max(0, effect.delayMs),
      event: draft.stored('a delayed event', effect.event) as ActorEvent,
      ...(effect.to === undefined ? {} : { to: effect.to }),
      ...traced(draft),
    },
  ]
}

/** What the record keeps of the step's trace, for what it causes later. */
function traced(draft: Draft): { readonly trace?: string } {
  if (draft.trace !== undefined) draft.weigh(draft.trace)
  return carried(draft.trace)
}

function cancelTimer(draft: Draft, id: string): void {
  const index = draft.timers.findLastIndex(one => one.id === id)
  if (index !== -1) draft.timers = draft.timers.filter((_, at) => at !== index)
}

/** An actor that ended keeps nothing running. */
export function release(draft: Draft): void {
  draft.timers = []
  draft.invocations = []
  for (const child of draft.children) stop(draft, child.id)
}

function tellParent(draft: Draft): void {
  if (draft.child === undefined) return
  const { token, syncSnapshot } = draft.child
  const seen = draft.binding.logic.snapshot(draft.state)
  const tell = (outcome: Outcome) => sendResult(draft, token, outcome, draft.at)
  if (draft.status === 'done') tell({ status: 'done', output: draft.stored('its output', seen.output) })
  else if (draft.status === 'error') tell({ status: 'error', error: toErrorValue(seen.error), retry: false })
  else if (syncSnapshot && draft.status === 'active')
    tell({ status: 'snapshot', snapshot: draft.stored('its snapshot', plainSnapshot(seen)) })
}

function plainSnapshot(seen: ReturnType<Draft['binding']['logic']['snapshot']>) {
  const { value, context, status, output, error } = seen
  return { value, context, status, output, error, tags: [...seen.tags] }
}

/** What is invoked item by item, whether by an `each` or alone. */
export function taskSource(source: Source | undefined): TaskSource | undefined {
  if (source === undefined || source.kind === 'child') return undefined
  return source.kind === 'each' ? source.of : source
}
