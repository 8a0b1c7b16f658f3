/**
 * Names a machine uses and does not have: XState ignores a missing action, fires a missing delay at once, and
 * finds out about the others when it is too late.
 */
import type { AnyStateMachine } from '../xstate/types.js'
import { actionsOf, guardsOf, isBuiltin, nameOf, placeOf, statesOf } from './machine-parts.js'
import type { Problems } from './problems.js'

export function checkNames(machine: AnyStateMachine, problems: Problems): void {
  checkActors(machine, problems)
  checkActions(machine, problems)
  for (const { place, part } of guardsOf(machine)) checkGuard(machine, place, part, problems, new Set())
  checkDelays(machine, problems)
}

function checkActors(machine: AnyStateMachine, problems: Problems): void {
  const missing = (place: string, src: unknown) => {
    if (typeof src === 'string' && !Object.hasOwn(machine.implementations.actors, src))
      problems.add(place, `invokes the actor '${src}', which setup({ actors }) does not have`)
  }
  for (const node of statesOf(machine)) {
    const { invoke } = node.config
    for (const each of invoke === undefined ? [] : [invoke].flat()) missing(placeOf(node), each.src)
  }
  for (const { place, part } of actionsOf(machine))
    if (isBuiltin(part) && part.type === 'xstate.spawnChild') missing(place, part.src)
}

function checkActions(machine: AnyStateMachine, problems: Problems): void {
  for (const { place, part } of actionsOf(machine)) {
    const name = nameOf(part)
    if (name !== undefined)
      problems.add(place, `runs the action '${name}', which setup({ actions }) does not have`)
  }
}

function checkGuard(
  machine: AnyStateMachine,
  place: string,
  guard: unknown,
  problems: Problems,
  seen: ReadonlySet<string>,
): void {
  const name = nameOf(guard)
  if (name === undefined) {
    const inner = (guard as { guards?: readonly unknown[] } | undefined)?.guards ?? []
    for (const each of inner) checkGuard(machine, place, each, problems, seen)
    return
  }
  if (seen.has(name)) return
  const found = (machine.implementations.guards as Record<string, unknown>)[name]
  if (found === undefined)
    problems.add(place, `asks the guard '${name}', which setup({ guards }) does not have`)
  else checkGuard(machine, place, found, problems, new Set(seen).add(name))
}

function checkDelays(machine: AnyStateMachine, problems: Problems): void {
  const delays = machine.implementations.delays as Record<string, unknown>
  const check = (place: string, name: string) => {
    if (!Object.hasOwn(delays, name))
      problems.add(
        place,
        `waits for the delay '${name}', which setup({ delays }) does not have: XState would fire at once`,
      )
    else if (typeof delays[name] !== 'number' && typeof delays[name] !== 'function')
      problems.add(
        place,
        `waits for the delay '${name}', which is ${typeof delays[name]}: expected milliseconds or a function`,
      )
  }
  for (const node of statesOf(machine))
    for (const key of Object.keys(node.config.after ?? {}))
      if (Number.isNaN(Number(key))) check(`${placeOf(node)} after`, key)
  // What `after` becomes has been named above.
  for (const { place, part } of actionsOf(machine))
    if (isBuiltin(part) && typeof part.delay === 'string' && !isAfter(part.id)) check(place, part.delay)
}

function isAfter(id: unknown): boolean {
  return typeof id === 'string' && id.startsWith('xstate.after.')
}
