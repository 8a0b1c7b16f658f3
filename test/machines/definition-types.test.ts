/**
 * What the compiler says about definitions: this file is proof by being compiled. Nothing in the functions runs.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { StandardSchemaV1 } from '@standard-schema/spec'
import { createStore } from '@xstate/store'
import {
  type EmittedFrom,
  type EventFromLogic,
  type InputFrom,
  type OutputFrom,
  type SnapshotFrom,
  sendTo,
  setup,
} from 'xstate'
import { type AnyDefinition, activity, asks, defineActor, each, ref } from '../../machines/index.js'

type Same<One, Other> = [One] extends [Other] ? ([Other] extends [One] ? true : false) : false
const holds = <Claim extends true>(claim?: Claim) => claim

const charge = activity(async ({ input }: { input: { amount: number } }) => ({
  receiptId: `r${input.amount}`,
}))

const order = defineActor({
  machine: setup({
    types: {
      input: {} as { orderId: string },
      context: {} as { orderId: string; n: number },
      events: {} as { type: 'APPROVE'; by: string } | { type: 'CANCEL' },
      emitted: {} as { type: 'DECIDED'; risk: number },
      output: {} as { receiptId: string },
    },
    actors: { charge },
  }).createMachine({
    id: 'order',
    initial: 'a',
    context: ({ input }) => ({ ...input, n: 0 }),
    states: { a: {}, b: { type: 'final' } },
    output: { receiptId: '' },
  }),
  create: key => ({ orderId: key }),
  selectors: { n: (snapshot, nowMs) => snapshot.context.n + nowMs, isA: snapshot => snapshot.matches('a') },
})
type Order = typeof order.machine

holds<Same<InputFrom<Order>, { orderId: string }>>()
holds<Same<EventFromLogic<Order>, { type: 'APPROVE'; by: string } | { type: 'CANCEL' }>>()
holds<Same<EmittedFrom<Order>, { type: 'DECIDED'; risk: number }>>()
holds<Same<OutputFrom<Order>, { receiptId: string }>>()
holds<Same<SnapshotFrom<Order>['context'], { orderId: string; n: number }>>()
holds<Same<ReturnType<typeof order.selectors.n>, number>>()

const added: StandardSchemaV1<{ by: number }> = {
  '~standard': { version: 1, vendor: 'test', validate: value => ({ value: value as { by: number } }) },
}

const ledger = defineActor({
  type: 'ledger',
  store: {
    context: (input: { owner: string }) => ({ owner: input.owner, total: 0 }),
    schemas: { emitted: { added } },
    on: {
      add: (context, event: { by: number }, enqueue) => {
        enqueue.emit.added({ by: event.by })
        return { ...context, total: context.total + event.by }
      },
    },
  },
  selectors: { total: snapshot => snapshot.context.total },
})
type Ledger = typeof ledger.machine

holds<Same<InputFrom<Ledger>, { owner: string }>>()
holds<Same<EventFromLogic<Ledger>, { type: 'add'; by: number }>>()
holds<Same<EmittedFrom<Ledger>, { type: 'added'; by: number }>>()
holds<Same<SnapshotFrom<Ledger>['context'], { owner: string; total: number }>>()
holds<Same<ReturnType<typeof ledger.selectors.total>, number>>()

const counter = defineActor({
  type: 'counter',
  store: createStore({
    context: { n: 0 },
    on: { inc: (context, event: { by: number }) => ({ n: context.n + event.by }) },
  }),
  selectors: { n: snapshot => snapshot.context.n },
})
holds<Same<EventFromLogic<typeof counter.machine>, { type: 'inc'; by: number }>>()

const all: readonly AnyDefinition[] = [order, ledger, counter]

function mistakes(): void {
  // @ts-expect-error no such selector
  asks(order, 'nope')
  defineActor({
    type: 't',
    store: { context: { n: 0 }, on: {} },
    // @ts-expect-error not the store's context
    selectors: { m: snapshot => snapshot.context.m },
  })
  // @ts-expect-error not the machine's context
  defineActor({ machine: order.machine, selectors: { m: snapshot => snapshot.context.m } })
  // @ts-expect-error not a state of the machine
  defineActor({ machine: order.machine, selectors: { m: snapshot => snapshot.matches('nope') } })
  // @ts-expect-error not the machine's input
  defineActor({ machine: order.machine, create: key => ({ id: key }) })
  // @ts-expect-error a store needs a type
  defineActor({ store: { context: { n: 0 }, on: { inc: (context: { n: number }) => context } } })
  // @ts-expect-error no such policy
  activity(async () => 1, { retry: { tries: 3 } })

  const n = asks(order, 'n')
  const many = each(charge)
  setup({ actors: { n, many, charge, ledger: ledger.machine } }).createMachine({
    initial: 'x',
    states: {
      x: {
        invoke: {
          src: 'n',
          input: { key: 'k', event: { type: 'APPROVE', by: 'ann' } },
          onDone: { actions: ({ event }) => event.output.toFixed() },
        },
      },
      y: {
        invoke: {
          src: 'many',
          input: [{ amount: 1 }],
          onDone: {
            actions: ({ event }) =>
              event.output.map(result => result.status === 'fulfilled' && result.value.receiptId),
          },
        },
      },
      z: { invoke: { src: 'ledger', id: 'l', input: { owner: 'me' } } },
      // @ts-expect-error the question's event is not one of the asked
      wrongQuestion: { invoke: { src: 'n', input: { key: 'k', event: { type: 'NOPE' } } } },
      // @ts-expect-error not the activity's input
      wrongInput: { invoke: { src: 'charge', input: { amount: 'no' } } },
      // @ts-expect-error not the items' type
      wrongItems: { invoke: { src: 'many', input: [{ amount: 'no' }] } },
    },
    entry: sendTo(() => ref<{ type: 'RECORD'; amount: number }>('profile', 'c'), {
      type: 'RECORD',
      amount: 1,
    }),
  })
}

test('definitions of different kinds stand in one list', () => {
  assert.equal(typeof mistakes, 'function')
  assert.deepEqual(
    all.map(({ type }) => type),
    ['order', 'ledger', 'counter'],
  )
})
