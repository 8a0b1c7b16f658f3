/**
 * What an operator's order does to an actor.
 */
import { childAddress } from '../../actors/address.js'
import type { Command, LetterOrder, OperatorOrder, RecoverOrder, Whereabouts } from '../../actors/command.js'
import type { ErrorValue } from '../../actors/errors.js'
import type { ActivityPolicy } from '../../actors/logic.js'
import type { Invocation, Task } from '../../actors/record.js'
import { release, sendResult, taskSource } from './apply-effects.js'
import { currentTask, replaceTask } from './apply-result.js'
import type { Draft } from './draft.js'
import { applyElsewhere } from './elsewhere.js'
import type { Life } from './life.js'
import { afterLosses, lostTask } from './lost-attempts.js'

/** Whether there is anything for the order to do. */
export function concerns(life: Life, order: OperatorOrder): boolean {
  if (life.record.status !== 'active') return false
  if (order.type === 'stop') return life.record.child?.token.epoch === order.epoch
  if (order.type === 'attempt')
    return (
      order.token.incarnation === life.record.incarnation &&
      BEGINNABLE.has(currentTask(life.record.invocations, order.token)?.state)
    )
  if (order.type === 'handOff' || order.type === 'beat')
    return (
      order.token.incarnation === life.record.incarnation &&
      UNDER_WAY.has(currentTask(life.record.invocations, order.token)?.state)
    )
  if (order.type === 'recover') return life.record.invocations.some(one => one.position <= order.until)
  if (order.type === 'away') return hasTask(life, task => isHere(task))
  if (order.type === 'gone') return hasTask(life, task => isSame(task.away, order.at))
  if (order.type === 'quarantine') return life.record.quarantine === undefined
  if (order.type === 'release') return life.record.quarantine !== undefined
  // The batch carries those out: what they take away is no part of the actor.
  return !isLetterOrder(order)
}

export function isLetterOrder(order: OperatorOrder): order is LetterOrder {
  return order.type === 'redrive' || order.type === 'drop'
}

function hasTask({ record }: Life, is: (task: Task) => boolean): boolean {
  return record.invocations.some(({ tasks }) => tasks.some(is))
}

/** Whether its attempt runs, or is to run, with the owner of the shard. */
function isHere({ state, away }: Task): boolean {
  return away === undefined && (state === 'ready' || state === 'started')
}

function isSame(one: Whereabouts | undefined, other: Whereabouts): boolean {
  return one !== undefined && one.member === other.member && one.life === other.life
}

const FROM_OUTSIDE: ReadonlySet<OperatorOrder['type']> = new Set(['terminate', 'quarantine', 'release'])

/** Whether it is one that a person gives an actor. */
export function isOrderFromOutside(command: Command): boolean {
  return command.kind === 'operator' && FROM_OUTSIDE.has(command.order.type)
}

const BEGINNABLE: ReadonlySet<string | undefined> = new Set(['ready', 'waiting'])
const UNDER_WAY: ReadonlySet<string | undefined> = new Set(['ready', 'started', 'elsewhere'])

export function applyOrder(draft: Draft, order: OperatorOrder): void {
  switch (order.type) {
    case 'spawn':
      return draft.begin(order.input)
    case 'terminate':
      draft.terminated = order.reason
      tellParentItEnded(draft, order.reason)
      return end(draft)
    case 'stop':
      return end(draft)
    case 'quarantine':
      draft.quarantine = { reason: order.reason, since: draft.at, held: [] }
      return handOn(draft, order)
    case 'release':
      endQuarantine(draft)
      return handOn(draft, order)
    case 'attempt': {
      const invocation = draft.invocations.find(one => one.epoch === order.token.epoch)!
      const of = taskSource(draft.binding.logic.source(invocation.src))
      const { dueAt: _, ...task } = invocation.tasks[order.token.task]!
      const once = of?.kind === 'activity' && of.policy.once
      replaceTask(draft, invocation, order.token.task, { ...task, state: once ? 'started' : 'ready' })
      return
    }
    case 'away':
      return leave(draft, order)
    case 'gone':
      for (const invocation of draft.invocations)
        loseAttempts(draft, invocation, (task, policy) =>
          isSame(task.away, order.at) ? lostTask(task, 1, policy) : task,
        )
      return
    case 'handOff':
    case 'beat':
      return applyElsewhere(draft, order)
    case 'recover':
      for (const invocation of draft.invocations)
        if (invocation.position <= order.until)
          recoverInvocation(draft, invocation, lossesOf(order, invocation))
      return
  }
}

/** The tree rests and goes on as one. In order with all else a child is sent: one born later is no older order's. */
function handOn(draft: Draft, order: OperatorOrder): void {
  for (const { id } of draft.children)
    draft.send({
      kind: 'operator',
      commandId: draft.mintCommandId(),
      sender: draft.address,
      target: childAddress(draft.address, id),
      at: draft.at,
      order,
    })
}

function endQuarantine(draft: Draft): void {
  draft.released = draft.quarantine?.held ?? []
  draft.quarantine = undefined
}

function end(draft: Draft): void {
  draft.status = 'stopped'
  endQuarantine(draft)
  release(draft)
}

/** A child ended from outside is an error to the parent that waits for it. */
function tellParentItEnded(draft: Draft, reason: string): void {
  if (draft.child === undefined) return
  const error: ErrorValue = { name: 'Terminated', message: reason, code: 'Terminated' }
  sendResult(draft, draft.child.token, { status: 'error', error, retry: false })
}

/** One that is known to have been begun, and runs nowhere, was not: it may be begun again. */
function leave(draft: Draft, { at, running }: Extract<OperatorOrder, { type: 'away' }>): void {
  for (const { epoch, tasks } of draft.invocations)
    for (const [index, task] of tasks.entries()) {
      if (!isHere(task)) continue
      const runs = running.some(
        one =>
          one.incarnation === draft.incarnation &&
          one.epoch === epoch &&
          one.task === index &&
          one.attempt === task.attempt,
      )
      const now = draft.invocations.find(one => one.epoch === epoch)!
      if (runs) replaceTask(draft, now, index, { ...task, away: at })
      else if (task.state === 'started') replaceTask(draft, now, index, { ...task, state: 'ready' })
    }
}

function lossesOf({ until, earlier = [] }: RecoverOrder, { position }: Invocation): number {
  return [...earlier, until].filter(one => position <= one).length
}

/** The processes that ran the attempts are gone. Each attempt that may have begun counts as one. */
function recoverInvocation(draft: Draft, invocation: Invocation, lost: number): void {
  const now: Invocation = { ...invocation, position: draft.position }
  draft.invocations = draft.invocations.map(one => (one === invocation ? now : one))
  loseAttempts(draft, now, (task, policy) => afterLosses(task, lost, policy))
}

function loseAttempts(
  draft: Draft,
  invocation: Invocation,
  after: (task: Task, policy: ActivityPolicy) => Task,
): void {
  const of = taskSource(draft.binding.logic.source(invocation.src))
  if (of?.kind !== 'activity') return
  let now = invocation
  for (const [index, task] of invocation.tasks.entries()) {
    const counted = after(task, of.policy)
    if (counted === task) continue
    now = replaceTask(draft, now, index, counted)
    // Owed no more, though the result that says so may be of a later commit.
    if (counted.state !== 'parked') continue
    sendResult(draft, draft.token(invocation.id, invocation.epoch, index, counted.attempt), {
      status: 'error',
      error: of.policy.once ? OUTCOME_UNKNOWN : attemptsExhausted(counted),
      retry: false,
    })
  }
}

const OUTCOME_UNKNOWN: ErrorValue = {
  name: 'OutcomeUnknown',
  message: 'the process that ran this activity ended before its result was recorded; it is run at most once',
  code: 'OutcomeUnknown',
}

function attemptsExhausted(task: Task): ErrorValue {
  return (
    task.error ?? {
      name: 'AttemptsExhausted',
      message: `the process ended during attempt ${task.attempt}, the last allowed`,
      code: 'AttemptsExhausted',
    }
  )
}
