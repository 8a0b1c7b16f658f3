/**
 * The executor bench: steps a second of the reference executor alone, no engine and no journal: for the
 * order of the bench, and for a machine with parallel regions and history. Once with states kept live, once
 * with each state written down and read back before the next step. A line a machine.
 */
import { assign, setup } from 'xstate'
import type { ActorLogic, Step, StepContext, Stimulus } from '../../actors/logic.js'
import { machineLogic } from '../../machines/index.js'
import type { Bench, Line } from './bench.js'
import { orderMachine, orderOf } from './order-machine.js'
import { ratePerSecond, round } from './statistics.js'

const ROUNDS = 7
const ROUND_MS = 300

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
const lives = [
  {
    machine: 'order (4 activities)',
    logic: machineLogic(orderMachine),
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
    machine: 'regions (parallel, history)',
    logic: machineLogic(regionsMachine),
    input: undefined,
    stimuli: ['TURN', 'TURN', 'PAUSE', 'RESUME', 'TURN'].map(event),
    endsIn: 'active',
  },
]

export const executorBench: Bench = {
  name: 'executor',
  question: 'how many steps a second the reference executor makes, alone',
  async *run({ progress }) {
    for (const life of lives) {
      progress(`executor: ${life.machine}`)
      yield lineOf(life)
    }
  },
}

function lineOf({ machine, logic, input, stimuli, endsIn }: (typeof lives)[number]): Line {
  const rate = (keep: (step: Step<unknown>) => unknown) =>
    ratePerSecond(ROUNDS, ROUND_MS, () => {
      const end = live(logic, input, stimuli, keep)
      if (logic.status(end) !== endsIn)
        throw new Error(`${machine} is ${logic.status(end)}: expected ${endsIn}`)
      return stimuli.length + 1
    })
  const states = live(logic, input, stimuli.slice(0, 1), step => step.state)
  const bytes = logic.encode(states)
  const stepsPerSecond = rate(step => step.state)
  return {
    bench: 'executor',
    machine,
    stepsPerSecond: round(stepsPerSecond),
    stepUs: round(1_000_000 / stepsPerSecond),
    stepsStoredPerSecond: round(rate(step => logic.decode(logic.encode(step.state)))),
    encodesPerSecond: round(ratePerSecond(ROUNDS, ROUND_MS, () => logic.encode(states).length && 1)),
    decodesPerSecond: round(
      ratePerSecond(ROUNDS, ROUND_MS, () => {
        logic.decode(bytes)
        return 1
      }),
    ),
    stateBytes: bytes.length,
  }
}

/** A life from birth to its last stimulus; `keep` says what becomes of the state in between. */
function live(
  logic: ActorLogic,
  input: unknown,
  stimuli: readonly Stimulus[],
  keep: (step: Step<unknown>) => unknown,
): unknown {
  let state = keep(logic.initial(input, contextOf(1)))
  stimuli.forEach((stimulus, index) => {
    state = keep(logic.step(state, stimulus, contextOf(index + 2)))
  })
  return state
}

function contextOf(seq: number): StepContext {
  return { self: 'order/o-1', parent: undefined, seq, at: 1_700_000_000_000 + seq, seed: seq }
}
