/**
 * Random walks over random statecharts, both executors side by side.
 */
import fc from 'fast-check'
import type { Effect } from '../../../actors/effect.js'
import type { Stimulus } from '../../../actors/logic.js'
import { chosenLogic } from '../../../machines/machine-logic.js'
import type { Statechart } from './drawings.js'
import { executorsOf, SideBySide } from './side-by-side.js'
import { events, machineOf } from './statecharts.js'

/** What the walks came to, so that a suite can say that they went anywhere. */
export interface Tally {
  walks: number
  steps: number
  /** Steps that made another state. */
  moves: number
  /** Machines left to the reference executor: nothing to compare, so others are drawn instead. */
  uncompiled: number
  /** Steps, or births, that failed in both alike. */
  failures: number
  /** Of those, for XState having reached an illegal configuration. */
  illegal: number
  ended: number
  effects: number
}

export function newTally(): Tally {
  return { walks: 0, steps: 0, moves: 0, uncompiled: 0, failures: 0, illegal: 0, ended: 0, effects: 0 }
}

/** @throws AssertionError where the executors differ. */
export function walk(chart: Statechart, tally: Tally): void {
  const machine = machineOf(chart)
  const { kind } = chosenLogic(machine).executor
  if (kind === 'reference') tally.uncompiled++
  fc.pre(kind === 'compiled')
  tally.walks++
  const both = new SideBySide(executorsOf(machine))
  const timers: Extract<Effect, { type: 'timer' }>[] = []
  const note = () => {
    tally.steps++
    tally.effects += both.effects.length
    if (both.failed !== undefined) tally.failures++
    if (both.failed?.includes('illegal configuration')) tally.illegal++
    for (const effect of both.effects)
      if (effect.type === 'timer' && effect.to === undefined) timers.push(effect)
  }
  note()
  for (const choice of chart.walk) {
    if (!both.active) break
    const before = both.snapshot
    both.take(stimulusFor(choice, both.children, timers))
    if (both.snapshot !== before) tally.moves++
    note()
  }
  if (both.born && !both.active) tally.ended++
}

function stimulusFor(
  choice: number,
  children: readonly string[],
  timers: readonly { id: string; event: { type: string } }[],
): Stimulus {
  const which = Math.floor(choice / 10)
  const child = children[which % children.length]
  const timer = timers[which % timers.length]
  switch (choice % 10) {
    case 0:
      if (child !== undefined) return { type: 'done', id: child, output: { which } }
      break
    case 1:
      if (child !== undefined && which % 3 === 0)
        return { type: 'error', id: child, error: { name: 'Error', message: 'no' } }
      if (child !== undefined) return { type: 'snapshot', id: child, snapshot: { value: 'a' } }
      break
    case 2:
    case 3:
      if (timer !== undefined) return { type: 'timer', id: timer.id, event: timer.event }
  }
  return { type: 'event', event: { type: events[which % events.length]!, by: which } }
}
