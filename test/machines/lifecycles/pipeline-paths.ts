/**
 * The paths of the order pipeline, listed from the machine itself: every course from birth to an end that
 * comes through no state twice (what leaves the state as it is may happen once) and meets no more mishaps
 * than allowed. A mishap is whatever leaves the course of an order with which all goes well: a failure, a
 * doubt, a cancellation, a fact out of turn, a timer.
 */
import type { AnyMachineSnapshot } from 'xstate'
import { digest } from '../../../actors/digest.js'
import type { ActorLogic, StepContext } from '../../../actors/logic.js'
import { machineLogic } from '../../../machines/index.js'
import { orderMachine } from '../../../machines/lifecycles/order.js'
import type { OrderContext, OrderOutput } from '../../../machines/lifecycles/order-context.js'
import { noon } from './order-life.js'
import { type Kind, type Move, movesOf } from './pipeline-moves.js'
import { transitionsTaken } from './pipeline-transitions.js'

export interface Path {
  readonly kind: Kind
  readonly moves: readonly Move[]
  /** What the order looks like after each move. */
  readonly looks: readonly string[]
  readonly outcome: OrderOutput['outcome']
  readonly taken: ReadonlySet<string>
}

/** `PURCHASED, askRiskProfile ok, …` */
export function nameOf({ kind, moves }: Path): string {
  return `${kind}: ${moves.map(move => move.name).join(', ')}`
}

/** Two orders look the same when the same can become of them. */
export function lookOf(snapshot: Pick<AnyMachineSnapshot, 'value' | 'context'>): string {
  const { orderId, facts, review, charges, bookings, undo, unresolved } = snapshot.context as OrderContext
  const owed = [undo, unresolved].map(list =>
    list.map(one => ({ ...one, key: one.key.slice(orderId.length) })),
  )
  return digest([
    snapshot.value,
    ...[Object.keys(facts).sort(), review?.answer, charges.length, bookings.length, ...owed],
  ])
}

/** All paths of a kind of order with at most so many mishaps. */
export function pathsOf(kind: Kind, mishapsMax: number): Path[] {
  const logic = machineLogic(orderMachine) as ActorLogic<AnyMachineSnapshot>
  const born = logic.initial({ orderId: 'o-1' }, contextAt(1)).state
  const found: Path[] = []
  const moves: Move[] = []
  const looks: string[] = []
  const taken: string[][] = []
  const walk = (state: AnyMachineSnapshot, mishapsLeft: number) => {
    if (state.status !== 'active') {
      const { outcome } = state.output as OrderOutput
      found.push({ kind, moves: [...moves], looks: [...looks], outcome, taken: new Set(taken.flat()) })
      return
    }
    for (const move of movesOf(state, kind)) {
      if (move.isMishap && mishapsLeft === 0) continue
      const context = contextAt(moves.length + 2)
      const next = logic.step(state, move.stimulus, context).state
      const look = lookOf(next)
      const isLoop = look === looks.at(-1) && moves.every(({ name }) => name !== move.name)
      if (looks.includes(look) && !isLoop) continue
      moves.push(move)
      looks.push(look)
      taken.push(transitionsTaken(state, eventOf(move), context))
      walk(next, mishapsLeft - (move.isMishap ? 1 : 0))
      moves.pop()
      looks.pop()
      taken.pop()
    }
  }
  walk(born, mishapsMax)
  return found
}

/** What XState calls a stimulus. */
function eventOf({ stimulus }: Pick<Move, 'stimulus'>): { readonly type: string } {
  if (stimulus.type === 'event' || stimulus.type === 'timer') return stimulus.event
  return { ...stimulus, type: `xstate.${stimulus.type}.actor.${stimulus.id}` }
}

function contextAt(seq: number): StepContext {
  return { self: 'order/o-1', parent: undefined, seq, at: noon, seed: 1 }
}
