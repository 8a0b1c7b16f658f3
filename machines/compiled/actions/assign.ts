/**
 * `assign`, with the `spawn` it hands to user code.
 */

import type { AnyStateMachine } from '../../xstate/types.js'
import { namedLogic } from '../named-logic.js'
import type { Newborn, NewbornOptions } from '../newborn.js'
import { merged } from '../records.js'
import type { Op, RunningStep } from '../running-step.js'

type Assigner = (given: AssignArgs, params: unknown) => unknown
type Assignment = Assigner | Readonly<Record<string, unknown>>

interface AssignArgs {
  readonly context: unknown
  readonly event: unknown
  readonly spawn: Spawn
  readonly self: unknown
  readonly system: unknown
}

type Spawn = (src: unknown, options?: SpawnOptions) => Newborn
type SpawnOptions = NewbornOptions & { readonly input?: unknown }

export function assignOp(machine: AnyStateMachine, assignment: Assignment): Op {
  return (step, params) => {
    // XState's words.
    if (!step.context)
      throw new Error(
        'Cannot assign to undefined `context`. Ensure that `context` is defined in the machine config.',
      )
    const { context, event, self, system } = step
    let spawned: Record<string, Newborn> | undefined
    const spawn: Spawn = (src, options) => {
      const child = bear(machine, step, context, src, options)
      spawned ??= {}
      spawned[child.id] = child
      return child
    }
    const args: AssignArgs = { context, event, spawn, self, system }
    const update =
      typeof assignment === 'function' ? assignment(args, params) : byField(assignment, args, params)
    step.context = Object.assign({}, context, update)
    step.changed = true
    if (spawned !== undefined) step.children = merged<unknown>(step.children, spawned)
  }
}

function byField(
  assignment: Readonly<Record<string, unknown>>,
  args: AssignArgs,
  params: unknown,
): Record<string, unknown> {
  const update: Record<string, unknown> = {}
  for (const key in assignment) {
    const value = assignment[key]
    update[key] = typeof value === 'function' ? (value as Assigner)(args, params) : value
  }
  return update
}

function bear(
  machine: AnyStateMachine,
  step: RunningStep,
  context: unknown,
  src: unknown,
  options: SpawnOptions = {},
): Newborn {
  const { id, systemId, syncSnapshot } = options
  if (typeof src !== 'string')
    return step.bear(src as object, src, { id, systemId, syncSnapshot, input: options.input })
  const logic = namedLogic(machine, src)
  if (!logic) throw new Error(`Actor logic '${src}' not implemented in machine '${machine.id}'`)
  const { event, self } = step
  const input = typeof options.input === 'function' ? options.input({ context, event, self }) : options.input
  return step.bear(logic, src, { id, systemId, syncSnapshot, input })
}
