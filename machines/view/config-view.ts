/**
 * A machine's config as plain JSON: what Stately's tools and any XState read. States, transitions, targets,
 * delays, invocations, tags and descriptions are kept as they were written; functions become names (names.ts),
 * and where no name can stand (context, input, output made by a function) they are left out.
 *
 * Invariant: `createMachine(configView(machine))` has the same states and transitions as `machine`.
 */
import type { AnyStateMachine, AnyStateNode } from '../xstate/types.js'
import { listOf, type Named, namedAction, namedGuard, plain } from './names.js'

/** A state's config in JSON, as XState reads it. */
export interface ConfigView {
  readonly [field: string]: unknown
}

export function configView(machine: AnyStateMachine): ConfigView {
  const { version, context } = machine.config as Config
  return {
    ...present({ id: machine.id, version, context: plain(context) }),
    ...stateView(machine.root),
  }
}

type Config = Readonly<Record<string, unknown>>

function stateView(node: AnyStateNode): ConfigView {
  const config = node.config as Config
  const children = Object.entries(node.states as Record<string, AnyStateNode>)
  const invokes = listOf(config.invoke) as readonly Config[]
  return present({
    id: config.id,
    type: config.type,
    description: config.description,
    history: config.history,
    target: config.target,
    initial: initialView(config.initial),
    tags: short(listOf(config.tags)),
    meta: plain(config.meta),
    output: plain(config.output),
    entry: actionsView(config.entry),
    exit: actionsView(config.exit),
    invoke: short(invokes.map((invoke, index) => invokeView(invoke, node, index))),
    on: byKey(config.on),
    after: byKey(config.after),
    always: transitionsView(config.always),
    onDone: transitionsView(config.onDone),
    route: config.route === undefined ? undefined : transitionView(config.route),
    states:
      children.length === 0
        ? undefined
        : Object.fromEntries(children.map(([key, child]) => [key, stateView(child)])),
  })
}

function initialView(initial: unknown): unknown {
  if (typeof initial !== 'object' || initial === null) return initial
  const { target, actions } = initial as Config
  return present({ target, actions: actionsView(actions) })
}

function invokeView(invoke: Config, node: AnyStateNode, index: number): ConfigView {
  // Inline logic goes by the name XState gives it.
  const { src } = node.invoke[index] as { readonly src: unknown }
  return present({
    id: invoke.id,
    src,
    input: plain(invoke.input),
    onDone: transitionsView(invoke.onDone),
    onError: transitionsView(invoke.onError),
    onSnapshot: transitionsView(invoke.onSnapshot),
  })
}

function byKey(given: unknown): ConfigView | undefined {
  if (given === undefined) return undefined
  // An event that is forbidden (`X: undefined`) is one with a transition that does nothing.
  return Object.fromEntries(
    Object.entries(given as Config).map(([key, one]) => [key, transitionsView(one) ?? {}]),
  )
}

function transitionsView(given: unknown): unknown {
  if (given === undefined) return undefined
  const views = listOf(given).map(transitionView)
  const [only] = views
  // In a list XState does not everywhere take a target for a transition, and a list of targets is no target.
  const isTarget = views.length === 1 && Object.keys(only!).join() === 'target'
  return isTarget && typeof only!.target === 'string' ? only!.target : short(views)
}

function transitionView(given: unknown): ConfigView {
  if (typeof given === 'string') return { target: given }
  const { target, guard, actions, reenter, description, meta } = (given ?? {}) as Config
  return present({
    target,
    guard: guard === undefined ? undefined : nameOrBoth(namedGuard(guard)),
    actions: actionsView(actions),
    reenter,
    description,
    meta: plain(meta),
  })
}

function actionsView(given: unknown): unknown {
  return short(listOf(given).map(action => nameOrBoth(namedAction(action))))
}

function nameOrBoth(named: Named): unknown {
  return named.params === undefined ? named.type : named
}

/** A list of one is its item, none is nothing: XState reads them alike. */
function short(items: readonly unknown[]): unknown {
  return items.length > 1 ? items : items[0]
}

/** Without what is not there. */
function present(fields: Config): ConfigView {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
}
