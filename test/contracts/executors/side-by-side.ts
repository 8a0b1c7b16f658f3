/**
 * Both executors of a machine, step by step: whatever one answers, the other must have answered too. Each step
 * is taken by a living actor of either, and by one of either that was restored before it from what the *other*
 * executor stored. Everything that can be seen is compared.
 */
import assert from 'node:assert/strict'
import type { AnyMachineSnapshot, AnyStateMachine } from 'xstate'
import type { Effect } from '../../../actors/effect.js'
import type { ActorLogic, Step, StepContext, Stimulus } from '../../../actors/logic.js'
import { machineLogic, referenceLogic } from '../../../machines/index.js'

/** What user code of the machines under test did; emptied after each step of each executor. */
export const heard: unknown[] = []

interface Outcome {
  readonly failed?: string
  readonly seen?: object
  readonly step?: Step<unknown>
}

/** An actor under one of the executors. */
interface Lane {
  readonly logic: ActorLogic
  state: unknown
}

interface Pair {
  readonly name: string
  readonly compiled: Lane
  readonly reference: Lane
}

/** The two logics of one machine. */
export interface Executors {
  readonly compiled: ActorLogic
  readonly reference: ActorLogic
}

export function executorsOf(machine: AnyStateMachine): Executors {
  return { compiled: machineLogic(machine), reference: referenceLogic(machine) }
}

export class SideBySide {
  readonly #living: Pair
  readonly #restored: Pair
  readonly #self: string
  readonly #parent: string
  #seq = 1
  /** What the last step failed with; nothing was changed by it then. */
  failed: string | undefined
  effects: readonly Effect[] = []

  constructor({ compiled, reference }: Executors, input?: unknown, self = 'thing/one', parent = 'boss/b') {
    this.#self = self
    this.#parent = parent
    const lane = (logic: ActorLogic): Lane => ({ logic, state: undefined })
    const pair = (name: string): Pair => ({ name, compiled: lane(compiled), reference: lane(reference) })
    this.#living = pair('living')
    this.#restored = pair('restored')
    this.#compare(lane => lane.logic.initial(input, this.#context()))
  }

  get born(): boolean {
    return this.#living.compiled.state !== undefined
  }

  get active(): boolean {
    return this.born && this.snapshot.status === 'active'
  }

  get snapshot(): AnyMachineSnapshot {
    const { logic, state } = this.#living.compiled
    return logic.snapshot(state) as AnyMachineSnapshot
  }

  /** Ids of its living children. */
  get children(): readonly string[] {
    return Object.keys(this.snapshot.children)
  }

  take(stimulus: Stimulus): void {
    this.#seq++
    this.#compare(lane => lane.logic.step(lane.state, stimulus, this.#context()))
  }

  #context(): StepContext {
    const seq = this.#seq
    return { self: this.#self, parent: this.#parent, seq, at: seq * 1000, seed: seq * 7919 }
  }

  #compare(step: (lane: Lane) => Step<unknown>): void {
    const { failed, effects } = compare(this.#living, step)
    this.failed = failed
    this.effects = effects
    compare(this.#restored, step)
    const { compiled, reference } = this.#restored
    if (compiled.state === undefined) return
    const [mine, theirs] = [compiled.logic.encode(compiled.state), reference.logic.encode(reference.state)]
    compiled.state = compiled.logic.decode(theirs)
    reference.state = reference.logic.decode(mine)
  }
}

/** Has both of a pair take a step; both move on if it did not fail. */
function compare(pair: Pair, step: (lane: Lane) => Step<unknown>): Pick<SideBySide, 'failed' | 'effects'> {
  const { name, compiled, reference } = pair
  const [found, expected] = [outcomeOf(compiled, step), outcomeOf(reference, step)]
  assert.deepEqual([found.failed, found.seen], [expected.failed, expected.seen], name)
  if (found.step !== undefined && expected.step !== undefined) {
    compiled.state = found.step.state
    reference.state = expected.step.state
  }
  return { failed: found.failed, effects: found.step?.effects ?? [] }
}

function outcomeOf(lane: Lane, take: (lane: Lane) => Step<unknown>): Outcome {
  const { logic, state } = lane
  heard.length = 0
  try {
    const step = take(lane)
    const effects = step.effects.map(effect => {
      if (effect.type !== 'act') return effect
      effect.run()
      return { type: 'act', name: effect.name }
    })
    const { handled } = step
    const unchanged = step.state === state
    return { step, seen: { ...seenOf(logic, step.state), effects, handled, unchanged, heard: [...heard] } }
  } catch (error) {
    const { name, message } = error as Error
    // Entering without end: one plans before it acts, the other acts before it finds out. Nothing comes of either.
    const before = error instanceof RangeError ? [] : heard
    return { failed: `${name}: ${message} after ${JSON.stringify(before)}` }
  }
}

/** All there is to see of a state. */
function seenOf(logic: ActorLogic, state: unknown): object {
  const snapshot = logic.snapshot(state) as AnyMachineSnapshot
  const { value, context, status, output, error, tags, historyValue, children } = snapshot
  const recalled = Object.entries(historyValue as Record<string, { id: string }[]>)
  return {
    value: JSON.stringify(value),
    context,
    status,
    output,
    error,
    tags: [...tags],
    nodes: snapshot._nodes.map(node => node.id),
    history: recalled.map(([id, nodes]) => [id, nodes.map(node => node.id)]),
    children: Object.entries(children),
    meta: snapshot.getMeta(),
    canonical: logic.canonical(state),
    stored: Buffer.from(logic.encode(state)).toString('hex'),
  }
}
