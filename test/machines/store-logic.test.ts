import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createStore } from '@xstate/store'
import { undoRedo } from '@xstate/store/undo'
import type { ActorLogic } from '../../actors/logic.js'
import { storeLogic } from '../../machines/index.js'
import { contextAt } from '../contracts/logic.contract.js'

interface Enqueue {
  emit: Record<string, (payload: object) => void>
  effect(
    run: (given: {
      send(event: object): void
      trigger: Record<string, () => void>
      getSnapshot(): { context: unknown }
    }) => void,
  ): void
}

const ran: unknown[] = []
const logic = storeLogic({
  context: (input: { start: number }) => ({ n: input.start, at: Date.now() }),
  on: {
    add: (context: { n: number }, event: { by: number }, enqueue: Enqueue) => {
      enqueue.emit.added?.({ by: event.by, luck: Math.random() })
      enqueue.effect(({ getSnapshot }) => ran.push(getSnapshot().context))
      return { ...context, n: context.n + event.by }
    },
    reply: (context: object, _event: object, enqueue: Enqueue) => {
      enqueue.effect(({ send }) => send({ type: 'add', by: 1 }))
      enqueue.effect(({ trigger }) => trigger.add?.())
      return context
    },
    later: async () => ({ n: 0 }),
  },
}) as ActorLogic

const born = () => logic.initial({ start: 5 }, contextAt(1)).state
const step = (state: unknown, event: { type: string; [field: string]: unknown }) =>
  logic.step(state, { type: 'event', event }, contextAt(2))

test('the context is made from the input, at the time of birth', () => {
  assert.deepEqual(logic.snapshot(born()), {
    value: {},
    context: { n: 5, at: contextAt(1).at },
    status: 'active',
    output: undefined,
    error: undefined,
    tags: new Set(),
  })
})

test('what a store emits is published, what it does waits for the commit', () => {
  const { state, effects, handled } = step(born(), { type: 'add', by: 2 })
  assert.equal(handled, true)
  const [published, act] = effects
  assert.ok(published?.type === 'publish' && act?.type === 'act')
  assert.deepEqual(
    [published.event.type, published.event.by, typeof published.event.luck],
    ['added', 2, 'number'],
  )
  assert.deepEqual(ran, [])
  act.run()
  assert.deepEqual(ran, [{ n: 7, at: contextAt(1).at }])
  assert.deepEqual((logic.snapshot(state).context as { n: number }).n, 7)
})

test('an effect cannot send back into the store', () => {
  for (const effect of step(born(), { type: 'reply' }).effects) {
    assert.ok(effect.type === 'act')
    assert.throws(() => effect.run(), /runs after the commit and cannot send back/)
  }
})

test("only the store's own event types are events", () => {
  const state = born()
  for (const type of ['constructor', 'toString', '__proto__', 'hasOwnProperty', 'unknown', 'xstate.init'])
    assert.deepEqual(step(state, { type }), { state, effects: [], handled: false })
  for (const stimulus of [
    { type: 'done', id: 'x', output: 1 },
    { type: 'timer', id: 'add', event: { type: 'add', by: 1 } },
  ] as const)
    assert.equal(logic.step(state, stimulus, contextAt(2)).handled, false)
})

test('an asynchronous transition fails the step', () => {
  assert.throws(() => step(born(), { type: 'later' }), /Async transition unsupported/)
})

test('a store made before is used for its transitions, its first context for each actor anew', () => {
  const store = createStore({
    context: { list: [] as number[] },
    on: {
      push: (context, event: { n: number }) => {
        context.list.push(event.n)
        return { ...context }
      },
    },
  })
  const shared = storeLogic(store) as ActorLogic
  const one = shared.initial(undefined, contextAt(1)).state
  shared.step(one, { type: 'event', event: { type: 'push', n: 1 } }, contextAt(2))
  assert.deepEqual(shared.snapshot(shared.initial(undefined, contextAt(1)).state).context, { list: [] })
  assert.deepEqual(store.getSnapshot().context, { list: [] })
})

test('a store with an extension keeps what the extension keeps', () => {
  const store = createStore({ context: { n: 0 }, on: { inc: context => ({ n: context.n + 1 }) } }).with(
    undoRedo(),
  )
  const undoable = storeLogic(store) as ActorLogic
  let { state } = undoable.initial(undefined, contextAt(1))
  const send = (type: string) => {
    state = undoable.decode(
      undoable.encode(undoable.step(state, { type: 'event', event: { type } }, contextAt(2)).state),
    )
  }
  for (const type of ['inc', 'inc', 'undo']) send(type)
  assert.deepEqual(undoable.snapshot(state).context, { n: 1 })
  send('redo')
  assert.deepEqual(undoable.snapshot(state).context, { n: 2 })
})

test('neither a store nor a config is refused', () => {
  for (const nothing of [undefined, 5, {}, { context: {} }])
    assert.throws(() => storeLogic(nothing as never), /store: expected createStore/)
})
