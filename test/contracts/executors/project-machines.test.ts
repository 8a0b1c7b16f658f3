/**
 * The machines of this project under both executors side by side: each takes random walks of the events it
 * listens for, ends of what it invokes, and its own timers.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { AnyMachineSnapshot, AnyStateMachine } from 'xstate'
import type { Effect } from '../../../actors/effect.js'
import type { Stimulus } from '../../../actors/logic.js'
import { fraudAgent, fraudAgent2 } from '../../../machines/lifecycles/fraud-agent.js'
import { orderMachine } from '../../../machines/lifecycles/order.js'
import { chosenLogic } from '../../../machines/machine-logic.js'
import { idle } from '../../bench/idle-machine.js'
import { orderMachine as benchOrder, orderOf } from '../../bench/order-machine.js'
import { type Kind, movesOf } from '../../machines/lifecycles/pipeline-moves.js'
import { accountDefinition } from '../../simulation/machines/account.js'
import { counterDefinition } from '../../simulation/machines/counter.js'
import { familyDefinition } from '../../simulation/machines/family.js'
import { jobDefinition } from '../../simulation/machines/job.js'
import { reminderDefinition } from '../../simulation/machines/reminder.js'
import { runs } from '../../support/effort.js'
import { counterMachine } from '../../support/engine-counter.js'
import { pal, rich } from '../../support/engine-rich.js'
import { executorsOf, SideBySide } from './side-by-side.js'

interface Subject {
  readonly machine: unknown
  readonly input?: unknown
  /** What can happen next; left out: any event it listens for, any end of a child. */
  moves?(snapshot: AnyMachineSnapshot): Stimulus[]
}

const ofOrder = (kind: Kind) => (snapshot: AnyMachineSnapshot) =>
  movesOf(snapshot, kind).map(({ stimulus }) => stimulus)

/** Activities are never run here, other actions are. */
const world = { act: () => {}, kill: () => {} } as never
const fraudCase = { purchase: { amount: 100, items: [], payments: {} }, features: {} }

const subjects: Readonly<Record<string, Subject>> = {
  'order, one shipment': { machine: orderMachine, input: { orderId: 'o-1' }, moves: ofOrder('single') },
  'order, two shipments': { machine: orderMachine, input: { orderId: 'o-1' }, moves: ofOrder('split') },
  'fraud agent': { machine: fraudAgent, input: fraudCase },
  'fraud agent 2': { machine: fraudAgent2, input: fraudCase },
  'order of the bench': { machine: benchOrder, input: orderOf(1) },
  'idle of the bench': { machine: idle.machine, input: { n: 1 } },
  account: { machine: accountDefinition(10).machine, input: { balance: 10 } },
  counter: { machine: counterDefinition(world, 10).machine, input: { key: 'k' } },
  family: { machine: familyDefinition(10).machine, input: { depth: 1 } },
  job: { machine: jobDefinition(world, 10).machine, input: { id: 'j', items: [1, 2] } },
  reminder: { machine: reminderDefinition(10).machine, input: { key: 'k' } },
  'counter of the engine': { machine: counterMachine, input: { n: 1 } },
  'rich actor': { machine: rich.machine },
  'its pal': { machine: pal.machine },
}

function anything(machine: AnyStateMachine) {
  const types = machine.events.filter(type => !String(type).startsWith('xstate.'))
  return ({ children }: AnyMachineSnapshot): Stimulus[] => [
    ...types.map((type): Stimulus => {
      const event = {
        type: String(type).replace('*', 'x'),
        amount: 2,
        n: 2,
        by: 1,
        key: 'k',
        to: 'a',
        ms: 5,
        id: 'i',
      }
      return { type: 'event', event }
    }),
    ...Object.keys(children).flatMap((id): Stimulus[] => [
      { type: 'done', id, output: [{ status: 'fulfilled', value: { key: 'k', receipt: 'r' } }] },
      { type: 'error', id, error: { name: 'Error', message: 'no', code: 'E' } },
      { type: 'snapshot', id, snapshot: { value: 'a', status: 'active' } },
    ]),
  ]
}

type Timer = Extract<Effect, { type: 'timer' }>

function walk({ input, ...subject }: Subject, choices: readonly number[]): number {
  const machine = subject.machine as AnyStateMachine
  const moves = subject.moves ?? anything(machine)
  const both = new SideBySide(executorsOf(machine), input)
  const timers: Timer[] = []
  let taken = 0
  for (const choice of choices) {
    if (!both.active) break
    for (const effect of both.effects) if (effect.type === 'timer') timers.push(effect)
    const due = timers.map(({ id, event }): Stimulus => ({ type: 'timer', id, event }))
    const all = [...moves(both.snapshot), ...due.slice(-1)]
    const next = all[choice % all.length]
    if (next === undefined) break
    both.take(next)
    if (both.failed === undefined) taken++
  }
  return taken
}

for (const [name, subject] of Object.entries(subjects))
  test(`${name}: compiled, and as the reference, step by step`, () => {
    assert.deepEqual(chosenLogic(subject.machine as AnyStateMachine).executor, { kind: 'compiled' })
    let taken = 0
    const choices = fc.array(fc.nat({ max: 10_000 }), { minLength: 1, maxLength: 30 })
    fc.assert(
      fc.property(choices, each => {
        taken += walk(subject, each)
      }),
      { numRuns: runs(30) },
    )
    assert.ok(taken > 0, 'no step succeeded')
  })
