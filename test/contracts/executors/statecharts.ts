/**
 * Machines from drawings. Between them they use every construct the compiler knows, and user code that notes
 * how it was called.
 */
import {
  type AnyStateMachine,
  and,
  assign,
  cancel,
  emit,
  enqueueActions,
  forwardTo,
  fromPromise,
  log,
  not,
  or,
  raise,
  sendParent,
  sendTo,
  setup,
  spawnChild,
  stateIn,
  stopChild,
} from 'xstate'
import { ref } from '../../../machines/index.js'
import type { ActionDrawing, GuardDrawing, Statechart, StateDrawing, TransitionDrawing } from './drawings.js'
import { heard } from './side-by-side.js'

export const events = ['A', 'B', 'C', 'p.q', 'p.q.r', 'z'] as const
const descriptors = ['A', 'B', 'C', 'A', 'B', 'p.q', 'p.*', 'p.q.*', '*', 'q.*', 'x.*.*'] as const

interface Context {
  readonly n: number
  readonly log: readonly string[]
  readonly refs: readonly unknown[]
}

interface Given {
  readonly context: Context
  readonly event: { readonly type: string }
}

const kid = setup({}).createMachine({ id: 'kid', initial: 'a', states: { a: {} } })

/** Notes that user code was called, with what. */
function hear(word: string, { context, event }: Given, params?: unknown): void {
  heard.push([word, context.n, context.log.join(), event.type, params])
}

/** The same, for an expression. */
function told<Value>(word: string, given: Given, value: Value): Value {
  hear(word, given)
  return value
}

const base = setup({
  types: { context: {} as Context },
  actors: { kid, work: fromPromise(async () => 1) },
  delays: { soon: given => 10 * given.context.n, late: 500 },
  guards: {
    even: (given, params) => {
      hear('even', given as never, params)
      return given.context.n % 2 === 0
    },
    alias: 'even' as never,
    both: and(['even', (({ context }: Given) => context.n > 2) as never]),
  },
  actions: {
    act: (given, params) => hear('act', given as never, params),
    bump: assign((given: Given, params: unknown) => {
      hear('bump', given, params)
      return { n: given.context.n + 1 }
    }) as never,
  },
})

export function machineOf({ root }: Statechart): AnyStateMachine {
  return new Builder(root).machine()
}

class Builder {
  /** Ids of all states, in document order. */
  readonly #ids: string[] = []
  readonly #root: StateDrawing

  constructor(root: StateDrawing) {
    this.#root = root
    this.#name(root, 'm')
  }

  machine(): AnyStateMachine {
    const config = this.#state(this.#root, 'm', undefined) as object
    const output = (given: Given) =>
      told('output', given, { n: given.context.n, of: (given.event as { output?: unknown }).output })
    return base.createMachine({
      ...config,
      id: 'm',
      context: { n: 0, log: [], refs: [] },
      options: { maxIterations: 40 },
      output,
    } as never) as never
  }

  #name(drawing: StateDrawing, id: string): void {
    if (id !== 'm') this.#ids.push(id)
    drawing.states.forEach((child, index) => {
      this.#name(child, `${id}${index}`)
    })
  }

  #target(n: number): string {
    return `#${this.#ids[n % this.#ids.length]}`
  }

  #state(drawing: StateDrawing, id: string, parent: 'compound' | 'parallel' | undefined): object {
    const { kind, n, states } = drawing
    // Not the first: that is where a parent may start.
    if (parent !== undefined && states.length === 0 && !id.endsWith('0')) {
      if (kind % 6 === 1) return this.#history(drawing, id, parent)
      if (kind % 6 === 2 && parent === 'compound') return this.#final(drawing, id)
    }
    if (parent === 'parallel' && states.length === 0 && kind % 12 === 1)
      return this.#history(drawing, id, parent)
    const own = { id, ...(n % 3 === 0 && { tags: `t${n}` }), ...(n % 5 === 0 && { meta: { n } }) }
    const common = { ...own, ...this.#behaviour(drawing, id) }
    if (states.length === 0) return common
    const parallel = kind % 3 === 1
    const inside = Object.fromEntries(
      states.map((child, index) => [
        this.#key(drawing, id, index),
        this.#state(child, `${id}${index}`, parallel ? 'parallel' : 'compound'),
      ]),
    )
    if (parallel) return { ...common, type: 'parallel', states: inside }
    // A history state may be the initial one as well.
    const initial = this.#key(drawing, id, n % 7 === 0 ? n % states.length : 0)
    return {
      ...common,
      states: inside,
      initial: n % 4 === 0 ? { target: initial, actions: this.#actions(drawing.exit, id) } : initial,
    }
  }

  /** Keys that look like numbers are enumerated first by JavaScript, whatever the document says. */
  #key({ n }: StateDrawing, id: string, index: number): string {
    return n % 6 === 5 ? `${9 - index}` : `${id}${index}`
  }

  #history({ n, on }: StateDrawing, id: string, parent: 'compound' | 'parallel'): object {
    const [first] = on
    const target = first?.targets[0]
    return {
      id,
      type: 'history',
      history: n % 2 === 0 ? 'deep' : 'shallow',
      ...(target !== undefined && parent === 'compound' && n % 3 === 0 && { target: this.#target(target) }),
    }
  }

  #final({ n, entry, exit }: StateDrawing, id: string): object {
    const output = (given: Given) => told(`output ${id}`, given, given.context.n)
    return {
      id,
      type: 'final',
      entry: this.#actions(entry, id),
      exit: this.#actions(exit, id),
      ...(n % 3 === 0 && { output }),
      ...(n % 3 === 1 && { output: { n } }),
    }
  }

  #behaviour({ on, always, after, done, entry, exit, invokes }: StateDrawing, id: string): object {
    const bySort: Record<string, TransitionDrawing[]> = {}
    for (const each of on) {
      const descriptor = descriptors[each.on % descriptors.length]!
      bySort[descriptor] = [...(bySort[descriptor] ?? []), each]
    }
    const transitions = (given: readonly TransitionDrawing[] | undefined) =>
      (given ?? []).map(each => this.#transition(each, id))
    return {
      entry: this.#actions(entry, id),
      exit: this.#actions(exit, id),
      on: Object.fromEntries(
        Object.entries(bySort).map(([type, each]) => [
          type,
          each[0]?.actions.length === 0 && each[0].on % 5 === 0 ? undefined : transitions(each),
        ]),
      ),
      ...(always.length > 0 && { always: transitions(always) }),
      ...(after.length > 0 && {
        after: { [['100', 'soon', 'late'][after[0]!.on % 3]!]: transitions(after) },
      }),
      ...(done.length > 0 && { onDone: transitions(done) }),
      ...(invokes < 3 && { invoke: this.#invocations(invokes, done, id) }),
    }
  }

  #invocations(count: number, done: readonly TransitionDrawing[], id: string): object[] {
    const input = (given: Given) => told(`input ${id}`, given, { n: given.context.n })
    const way = done.map(each => this.#transition(each, id))
    return [
      { src: 'kid', id: `kid-${id}`, input, onDone: way, ...(count === 1 && { onSnapshot: way }) },
      ...(count === 2
        ? [
            { src: 'work', onDone: way, onError: way },
            { src: kid, input: 3 },
          ]
        : []),
    ]
  }

  #transition(drawing: TransitionDrawing, id: string): object {
    const { targets, near, reenter, guard } = drawing
    // A sibling, a child or itself more often than chance would have it.
    const close = this.#ids.filter(each => each.startsWith(id.slice(0, -1)))
    const named = targets.map(n =>
      near && close.length > 0 ? `#${close[n % close.length]}` : this.#target(n),
    )
    return {
      ...(named.length > 0 && { target: named.length === 1 ? named[0] : named }),
      ...(reenter && { reenter: true }),
      ...(guard !== undefined && { guard: this.#guard(guard) }),
      actions: this.#actions(drawing.actions, id),
    }
  }

  #guard({ kind, n, of }: GuardDrawing): unknown {
    const inner = of.map(each => this.#guard(each))
    const plain = (given: Given) => told(`guard ${n}`, given, given.context.n % 3 === n % 3)
    switch (kind) {
      case 0:
        return and([plain, ...inner] as never)
      case 1:
        return or([plain, ...inner] as never)
      case 2:
        return not((inner[0] ?? plain) as never)
      case 3:
        return stateIn(this.#target(n))
      case 4:
        return stateIn(this.#ids[n % this.#ids.length] as never)
      case 5:
        return { type: 'even', params: { n } }
      case 6:
        return { type: 'even', params: (given: Given) => told('params', given, n) }
      case 7:
        return n % 2 === 0 ? 'alias' : 'both'
      case 8:
        return n % 10 !== 0
          ? plain
          : () => {
              throw new Error(`guard ${n} is broken`)
            }
      default:
        return plain
    }
  }

  #actions(drawings: readonly ActionDrawing[], id: string): unknown[] {
    return drawings.map(each => this.#action(each, id))
  }

  #action({ kind, n, of }: ActionDrawing, id: string): unknown {
    const event = { type: events[n % events.length]! }
    const made = (given: Given) =>
      told(`event ${n}`, given, { ...event, n: given.context.n, refs: given.context.refs })
    const child = `c${n % 3}`
    switch (kind) {
      case 0:
        return raise(event)
      case 1:
        return raise(made as never)
      case 2:
        return raise(made as never, n % 2 === 0 ? { delay: 10 * n, id: child } : { delay: 'soon' as never })
      case 3:
        return emit(made as never)
      case 4:
        return log((given: Given) => told('log', given, given.context.n), n % 2 === 0 ? 'label' : undefined)
      case 5:
        return cancel(n % 2 === 0 ? child : () => child)
      case 6:
        return sendTo(({ self }) => self, made as never, n % 2 === 0 ? {} : { delay: n })
      case 7:
        return sendTo(
          (() => ref('other', 'one')) as never,
          event as never,
          n % 2 === 0 ? {} : { delay: n, id: child },
        )
      case 8:
        return sendParent(made as never)
      case 9:
        return n % 4 === 0 ? sendTo(`kid-${id}`, event as never) : 'act'
      case 10:
        return n % 4 === 0 ? forwardTo(child) : sendParent(event)
      default:
        return this.#stateAction({ kind, n, of }, id, child)
    }
  }

  /** Actions that change what the machine holds: children, context. */
  #stateAction({ kind, n, of }: ActionDrawing, id: string, child: string): unknown {
    switch (kind) {
      case 11:
        return spawnChild('kid' as never, { id: child, input: (given: Given) => given.context.n } as never)
      case 12:
        return spawnChild(
          (n % 2 === 0 ? 'work' : 'kid') as never,
          { id: () => child, syncSnapshot: true } as never,
        )
      case 13:
        return stopChild(child)
      case 14:
        return stopChild(((given: Given) => given.context.refs[0]) as never)
      case 15:
        return assign((({
          context,
          spawn,
        }: Given & { spawn: (src: string, options: object) => unknown }) => ({
          refs: [spawn('kid', n % 2 === 0 ? { id: child } : {}), ...context.refs.slice(0, 2)],
        })) as never)
      case 16:
        return { type: 'act', params: { n } }
      case 17:
        return { type: 'bump', params: (given: Given) => told('params', given, n) }
      case 18:
      case 19:
        return this.#enqueued(n, of, id)
      case 20:
        return assign({ log: ({ context }: Given) => [...context.log.slice(-3), id], n: n % 4 } as never)
      case 21:
        return n % 20 === 0
          ? assign(() => {
              throw new TypeError(`assign ${n} is broken`)
            })
          : 'bump'
      case 22:
        return enqueueActions((({ self }: { self: { getSnapshot(): { value: unknown } | undefined } }) =>
          heard.push(JSON.stringify(self.getSnapshot()?.value))) as never)
      default:
        return assign({
          n: (given: Given) => told('n', given, given.context.n + 1 + (n % 3)),
          log: ({ context }: Given) => [...context.log.slice(-3), `${id}-${n}`],
        } as never)
    }
  }

  #enqueued(n: number, of: readonly ActionDrawing[], id: string): unknown {
    const guard = this.#guard({ kind: n % 9, n: n + 1, of: [] })
    const inner = this.#actions(of, id)
    return enqueueActions((({ context, event, enqueue, check }: Enqueuing) => {
      hear('collect', { context, event })
      if (check(guard)) enqueue('act')
      for (const each of inner) enqueue(each)
      enqueue.assign({ n: context.n + 1 })
      if (n % 3 === 0) enqueue.raise({ type: 'B' })
      if (n % 5 === 0) enqueue.emit({ type: 'told', n: context.n })
      if (n % 7 === 0) enqueue.sendTo(ref('other', 'two'), { type: 'X' }, { delay: 5 })
      if (n % 11 === 0) enqueue.spawnChild('kid', { id: 'c1' })
      if (n % 13 === 0) enqueue.stopChild('c1')
      if (n % 9 === 0) enqueue.cancel('c1')
    }) as never)
  }
}

interface Enqueuing extends Given {
  readonly check: (guard: unknown) => boolean
  readonly enqueue: ((action: unknown) => void) &
    Record<
      'assign' | 'raise' | 'emit' | 'sendTo' | 'spawnChild' | 'stopChild' | 'cancel',
      (...args: unknown[]) => void
    >
}
