/**
 * `enqueueActions`: what user code enqueues runs as if it stood in its place.
 */

import type { AnyStateMachine } from '../../xstate/types.js'
import { compileGuard } from '../guards.js'
import type { Op } from '../running-step.js'
import { assignOp } from './assign.js'
import { type SpawnChild, spawnChildOp, stopChildOp } from './children.js'
import { cancelOp, emitOp, type Raise, raiseOp, sendToOp } from './messages.js'

type Collect = (given: object, params: unknown) => void
type Delayed = Pick<Raise, 'id' | 'delay'>

export function enqueueActionsOp(
  machine: AnyStateMachine,
  collect: Collect,
  compile: (action: unknown) => Op,
): Op {
  return (step, params) => {
    const { context, event, self, system, configuration } = step
    const ops: Op[] = []
    collect(
      {
        context,
        event,
        enqueue: enqueuer(machine, ops, compile),
        check: (guard: unknown) => compileGuard(machine, guard)({ context, event, configuration }),
        self,
        system,
      },
      params,
    )
    for (const op of [...ops]) op(step)
  }
}

function enqueuer(machine: AnyStateMachine, ops: Op[], compile: (action: unknown) => Op) {
  const add = (op: Op) => void ops.push(op)
  const enqueue = (action: unknown) => add(step => compile(action)(step))
  return Object.assign(enqueue, {
    assign: (assignment: never) => add(assignOp(machine, assignment)),
    cancel: (sendId: unknown) => add(cancelOp(sendId)),
    raise: (event: unknown, options?: Delayed) => add(raiseOp(machine, { event, ...delayed(options) })),
    sendTo: (to: unknown, event: unknown, options?: Delayed) =>
      add(sendToOp(machine, { to, event, ...delayed(options) })),
    sendParent: (event: unknown, options?: Delayed) =>
      add(sendToOp(machine, { to: '#_parent', event, ...delayed(options) })),
    spawnChild: (src: unknown, { id, systemId, input, syncSnapshot }: Omit<SpawnChild, 'src'> = {}) =>
      add(spawnChildOp(machine, { src, id, systemId, input, syncSnapshot })),
    stopChild: (child: never) => add(stopChildOp(child)),
    emit: (event: unknown) => add(emitOp(event)),
  })
}

function delayed(options: Delayed | undefined): Delayed {
  return { id: options?.id, delay: options?.delay }
}
