/**
 * Statecharts as fast-check draws and shrinks them: plain data, in which numbers choose, modulo what there is.
 */
import fc from 'fast-check'

export type GuardDrawing = { readonly kind: number; readonly n: number; readonly of: readonly GuardDrawing[] }
export type ActionDrawing = {
  readonly kind: number
  readonly n: number
  readonly of: readonly ActionDrawing[]
}

export interface TransitionDrawing {
  readonly on: number
  readonly targets: readonly number[]
  readonly near: boolean
  readonly reenter: boolean
  readonly guard: GuardDrawing | undefined
  readonly actions: readonly ActionDrawing[]
}

export interface StateDrawing {
  readonly kind: number
  readonly n: number
  readonly states: readonly StateDrawing[]
  readonly on: readonly TransitionDrawing[]
  readonly always: readonly TransitionDrawing[]
  readonly after: readonly TransitionDrawing[]
  readonly done: readonly TransitionDrawing[]
  readonly entry: readonly ActionDrawing[]
  readonly exit: readonly ActionDrawing[]
  readonly invokes: number
}

export interface Statechart {
  readonly root: StateDrawing
  readonly walk: readonly number[]
}

const small = fc.nat({ max: 40 })
const nothing = fc.constant([])

function guards(depth: number): fc.Arbitrary<GuardDrawing> {
  const of = depth === 0 ? nothing : fc.array(guards(depth - 1), { maxLength: 2 })
  return fc.record({ kind: fc.nat({ max: 13 }), n: small, of })
}

function actions(depth: number): fc.Arbitrary<ActionDrawing[]> {
  const of = depth === 0 ? nothing : actions(depth - 1)
  return fc.array(fc.record({ kind: fc.nat({ max: 30 }), n: small, of }), { maxLength: 2 })
}

const transition: fc.Arbitrary<TransitionDrawing> = fc.record({
  on: small,
  targets: fc.oneof(
    { weight: 6, arbitrary: fc.array(small, { minLength: 1, maxLength: 1 }) },
    { weight: 2, arbitrary: nothing },
    { weight: 1, arbitrary: fc.array(small, { minLength: 2, maxLength: 2 }) },
  ),
  near: fc.boolean(),
  reenter: fc.boolean(),
  guard: fc.option(guards(1), { nil: undefined, freq: 2 }),
  actions: actions(2),
})

const few = fc.oneof({ weight: 4, arbitrary: nothing }, fc.array(transition, { maxLength: 1 }))

function states(depth: number): fc.Arbitrary<StateDrawing> {
  return fc.record({
    kind: small,
    n: small,
    states:
      depth === 0
        ? nothing
        : fc.oneof({ weight: 2, arbitrary: nothing }, fc.array(states(depth - 1), { maxLength: 4 })),
    on: fc.array(transition, { maxLength: 3 }),
    always: few,
    after: few,
    done: few,
    entry: actions(1),
    exit: actions(1),
    invokes: fc.nat({ max: 8 }),
  })
}

export const statecharts: fc.Arbitrary<Statechart> = fc.record({
  root: fc
    .tuple(fc.array(states(2), { minLength: 1, maxLength: 4 }), states(0))
    .map(([inner, root]) => ({ ...root, states: inner })),
  walk: fc.array(fc.nat({ max: 1000 }), { maxLength: 20, size: 'max' }),
})
