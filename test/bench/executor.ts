/**
 * The executor bench: steps a second of the compiled executor against the reference executor, in one run and
 * turn by turn, no engine and no journal; and what an actor costs in memory beyond its context. For the order
 * of the bench, the order of the lifecycles, and a machine with parallel regions and history. A line a machine.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { type AnyMachineSnapshot, type AnyStateMachine, assign, setup } from 'xstate'
import { decode, encode } from '../../actors/codec.js'
import type { ActorLogic, StepContext, Stimulus } from '../../actors/logic.js'
import { machineLogic, referenceLogic } from '../../machines/index.js'
import { orderMachine as lifecycleOrder } from '../../machines/lifecycles/order.js'
import { movesOf } from '../machines/lifecycles/pipeline-moves.js'
import type { Bench, Line } from './bench.js'
import { orderMachine, orderOf } from './order-machine.js'
import { median, ratePerSecond, round } from './statistics.js'

const TURNS = 7
const TURN_MS = 250
/** Enough that a byte an actor shows. */
const ACTORS = 20_000
/** Longest life that is recorded. */
const STIMULI_MAX = 50

const regionsMachine = setup({
  types: {
    context: {} as { readonly turns: number },
    events: {} as { readonly type: 'TURN' | 'PAUSE' | 'RESUME' },
  },
}).createMachine({
  id: 'regions',
  context: { turns: 0 },
  initial: 'running',
  states: {
    running: {
      type: 'parallel',
      on: { PAUSE: 'paused' },
      states: {
        lights: {
          initial: 'red',
          states: {
            red: { on: { TURN: 'green' } },
            green: { on: { TURN: 'amber' } },
            amber: { on: { TURN: 'red' } },
          },
        },
        counter: {
          initial: 'counting',
          states: {
            counting: { on: { TURN: { actions: assign({ turns: ({ context }) => context.turns + 1 }) } } },
          },
        },
        before: { type: 'history', history: 'deep' },
      },
    },
    paused: { on: { RESUME: 'running.before' } },
  },
})

const done = (id: string, output: unknown): Stimulus => ({ type: 'done', id: `0.order.${id}`, output })
const event = (type: string): Stimulus => ({ type: 'event', event: { type } })

/** A machine, what it is born with, and what then happens to it. */
interface Life {
  readonly name: string
  readonly machine: unknown
  readonly input: unknown
  readonly stimuli: readonly Stimulus[]
  readonly endsIn: string
}

const lives: readonly Life[] = [
  {
    name: 'order (4 activities)',
    machine: orderMachine,
    input: orderOf(1),
    stimuli: [
      done('scoring', { risk: 0.5 }),
      done('charging', { receiptId: 'receipt-1' }),
      done('notifying', { messageId: 'message-1' }),
      done('shipping', { parcelId: 'parcel-1' }),
      event('DELIVERED'),
    ],
    endsIn: 'done',
  },
  {
    name: 'order (lifecycle)',
    machine: lifecycleOrder,
    input: { orderId: 'o-1' },
    stimuli: courseOf(referenceLogic(lifecycleOrder as never), { orderId: 'o-1' }),
    endsIn: 'done',
  },
  {
    name: 'regions (parallel, history)',
    machine: regionsMachine,
    input: undefined,
    stimuli: ['TURN', 'TURN', 'PAUSE', 'RESUME', 'TURN'].map(event),
    endsIn: 'active',
  },
]

/** What happens to an order with which all goes well. */
function courseOf(logic: ActorLogic, input: unknown): Stimulus[] {
  const stimuli: Stimulus[] = []
  let { state } = logic.initial(input, contextOf(1))
  while (logic.status(state) === 'active' && stimuli.length < STIMULI_MAX) {
    const next = movesOf(logic.snapshot(state) as AnyMachineSnapshot, 'single').find(move => !move.isMishap)
    if (next === undefined) throw new Error('an order with which all goes well stands still')
    stimuli.push(next.stimulus)
    state = logic.step(state, next.stimulus, contextOf(stimuli.length + 1)).state
  }
  return stimuli
}

export const executorBench: Bench = {
  name: 'executor',
  question: 'how many steps a second the compiled executor makes, and the reference executor beside it',
  async *run({ progress }) {
    for (const life of lives) {
      progress(`executor: ${life.name}`)
      yield lineOf(life)
    }
  },
}

function lineOf(life: Life): Line {
  const machine = life.machine as AnyStateMachine
  const [compiled, reference] = [machineLogic(machine), referenceLogic(machine)]
  const turns = Array.from({ length: TURNS }, () => ({
    compiled: stepsPerSecond(compiled, life),
    reference: stepsPerSecond(reference, life),
  }))
  return {
    bench: 'executor',
    machine: life.name,
    compiledPerSecond: round(median(turns.map(turn => turn.compiled))),
    referencePerSecond: round(median(turns.map(turn => turn.reference))),
    ratio: round(median(turns.map(turn => turn.compiled / turn.reference))),
    bytesPerActor: bytesPerActor(compiled, life),
  }
}

function stepsPerSecond(logic: ActorLogic, { name, input, stimuli, endsIn }: Life): number {
  return ratePerSecond(1, TURN_MS, () => {
    const end = live(logic, input, stimuli)
    if (logic.status(end) !== endsIn) throw new Error(`${name} is ${logic.status(end)}: expected ${endsIn}`)
    return stimuli.length + 1
  })
}

/** A life from birth to its last stimulus. */
function live(logic: ActorLogic, input: unknown, stimuli: readonly Stimulus[]): unknown {
  let { state } = logic.initial(input, contextOf(1))
  for (let at = 0; at < stimuli.length; at++) state = logic.step(state, stimuli[at]!, contextOf(at + 2)).state
  return state
}

/** Bytes a state in the middle of its life takes, its context apart. */
function bytesPerActor(logic: ActorLogic, { input, stimuli }: Life): number {
  const half = stimuli.slice(0, Math.ceil(stimuli.length / 2))
  const middle = live(logic, input, half)
  const stored = logic.encode(middle)
  const context = encode(logic.snapshot(middle).context)
  const whole = bytesOf(() => logic.decode(stored))
  return Math.max(0, Math.round(whole - bytesOf(() => decode(context))))
}

/** Bytes of heap that one of many values takes. */
function bytesOf(make: () => unknown): number {
  const collect = garbageCollector()
  collect()
  const before = process.memoryUsage().heapUsed
  const kept = Array.from({ length: ACTORS }, make)
  collect()
  const bytes = (process.memoryUsage().heapUsed - before) / kept.length
  return bytes
}

function garbageCollector(): () => void {
  setFlagsFromString('--expose-gc')
  return runInNewContext('gc') as () => void
}

function contextOf(seq: number): StepContext {
  return { self: 'order/o-1', parent: undefined, seq, at: 1_700_000_000_000 + seq, seed: seq }
}
