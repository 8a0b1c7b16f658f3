import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { StandardSchemaV1 } from '@standard-schema/spec'
import { createStore, createStoreLogic } from '@xstate/store'
import { assign, createActor, createMachine, setup } from 'xstate'
import { type Behaviour, behaviour } from '../../actors/definition.js'
import { SetupError } from '../../actors/errors.js'
import { limits } from '../../actors/limits.js'
import { type AnyDefinition, defineActor } from '../../machines/index.js'
import { contextAt } from '../contracts/logic.contract.js'

const machine = setup({
  types: { context: {} as { n: number }, events: {} as { type: 'GO'; by: number } },
}).createMachine({
  id: 'counter',
  context: { n: 0 },
  on: { GO: { actions: assign({ n: ({ context, event }) => context.n + event.by }) } },
})

function behaviourOf(definition: AnyDefinition): Behaviour {
  return definition[behaviour]
}

test('a definition takes its type from the machine and carries a whole behaviour', () => {
  const definition = defineActor({ machine, version: '2', selectors: { n: snapshot => snapshot.context.n } })
  assert.deepEqual([definition.type, definition.version, definition.machine], ['counter', '2', machine])
  const carried = behaviourOf(definition)
  assert.deepEqual(
    [
      carried.type,
      carried.version,
      carried.versioned,
      carried.unhandled,
      carried.snapshotEvery,
      carried.retainMs,
      carried.create,
      carried.previous,
    ],
    ['counter', '2', true, 'ignore', limits.snapshotEvery, undefined, undefined, []],
  )
  const { state } = carried.logic.initial(undefined, contextAt(1))
  assert.equal(carried.selectors.n?.(carried.logic.snapshot(state), 0), 0)
  assert.equal(carried.checkInput('anything'), undefined)
  assert.equal(carried.checkEvent({ type: 'GO' }), undefined)
})

test('a definition keeps what it is told', () => {
  const older = defineActor({ machine, version: '1' })
  const carried = behaviourOf(
    defineActor({
      machine,
      type: 'other-name',
      unhandled: 'refuse',
      snapshotEvery: 5,
      retainMs: 1000,
      create: () => undefined,
    }),
  )
  assert.deepEqual(
    [carried.type, carried.unhandled, carried.snapshotEvery, carried.retainMs, typeof carried.create],
    ['other-name', 'refuse', 5, 1000, 'function'],
  )
  assert.deepEqual(behaviourOf(defineActor({ machine, version: '2', previous: [older] })).previous, [
    behaviourOf(older),
  ])
})

test('without a version the fingerprint is it, and structure alone makes it', () => {
  const build = (extra: object = {}, by = 1) =>
    defineActor({
      machine: createMachine({
        id: 'm',
        context: { n: 0 },
        on: { GO: { actions: assign({ n: () => by }) } },
        ...extra,
      } as never),
    })
  const plain = build()
  assert.match(plain.version, /^[0-9a-f]{32}$/)
  assert.deepEqual([behaviourOf(plain).versioned, behaviourOf(plain).fingerprint], [false, plain.version])
  assert.equal(build().version, plain.version, 'the same structure')
  assert.equal(build({}, 2).version, plain.version, 'another function')
  assert.equal(build({ description: 'words' }).version, plain.version, 'a description')
  const others = [
    build({ on: { GO: {} } }),
    build({ context: { n: 1 } }),
    build({ initial: 'a', states: { a: {} } }),
    build({ on: { GO: { actions: assign({ m: () => 1 }) } } }),
  ].map(definition => definition.version)
  assert.equal(new Set([plain.version, ...others]).size, 5)
})

test('a child machine and a policy are part of the structure', () => {
  const versionWith = (child: object) =>
    defineActor({
      machine: setup({ actors: { child: createMachine({ id: 'child', ...child }) } }).createMachine({
        id: 'm',
      }),
    }).version
  assert.equal(versionWith({}), versionWith({}))
  assert.notEqual(versionWith({}), versionWith({ initial: 'a', states: { a: {} } }))
})

test('schemas say at the door what is wrong', async () => {
  const positive: StandardSchemaV1<number> = {
    '~standard': {
      version: 1,
      vendor: 'test',
      validate: value =>
        (value as number) > 0 ? { value: value as number } : { issues: [{ message: 'must be positive' }] },
    },
  }
  const go: StandardSchemaV1 = {
    '~standard': {
      version: 1,
      vendor: 'test',
      validate: async value =>
        (value as { by: number }).by < 9
          ? { value }
          : { issues: [{ message: 'too big', path: ['by', { key: 'deep' }] }, { message: 'and odd' }] },
    },
  }
  const carried = behaviourOf(
    defineActor({
      machine: setup({
        types: { input: {} as number, events: {} as { type: 'GO'; by: number } },
      }).createMachine({ id: 'm' }),
      schemas: { input: positive, events: { GO: go } },
    }),
  )
  assert.equal(carried.checkInput(1), undefined)
  assert.equal(carried.checkInput(-1), 'must be positive')
  assert.equal(await carried.checkEvent({ type: 'GO', by: 1 }), undefined)
  assert.equal(await carried.checkEvent({ type: 'GO', by: 10 }), 'by.deep: too big; and odd')
  assert.equal(carried.checkEvent({ type: 'toString' }), undefined)
})

test('a store is an actor as well, and its machine runs under plain createActor', () => {
  const definition = defineActor({
    type: 'ledger',
    store: {
      context: (input: { owner: string }) => ({ owner: input.owner, total: 0 }),
      on: { add: (context, event: { by: number }) => ({ ...context, total: context.total + event.by }) },
    },
    create: key => ({ owner: key }),
    selectors: { total: snapshot => snapshot.context.total },
  })
  const { logic } = behaviourOf(definition)
  const born = logic.initial({ owner: 'me' }, contextAt(1)).state
  const added = logic.step(born, { type: 'event', event: { type: 'add', by: 3 } }, contextAt(2)).state
  assert.deepEqual(logic.snapshot(added).context, { owner: 'me', total: 3 })
  const actor = createActor(definition.machine, { input: { owner: 'you' } }).start()
  actor.send({ type: 'add', by: 2 })
  assert.deepEqual(actor.getSnapshot().context, { owner: 'you', total: 2 })
})

test("a store's version is its structure: event types and static context", () => {
  const versionOf = (store: object) =>
    defineActor({ type: 's', store: store as { context: object; on: Record<never, never> } }).version
  const inc = (context: object) => context
  assert.equal(versionOf({ context: { n: 0 }, on: { inc } }), versionOf({ context: { n: 0 }, on: { inc } }))
  assert.notEqual(
    versionOf({ context: { n: 0 }, on: { inc } }),
    versionOf({ context: { n: 1 }, on: { inc } }),
  )
  assert.notEqual(
    versionOf({ context: { n: 0 }, on: { inc } }),
    versionOf({ context: { n: 0 }, on: { inc, dec: inc } }),
  )
  assert.equal(
    versionOf(createStore({ context: { n: 0 }, on: { inc } } as never)),
    versionOf(createStore({ context: { n: 0 }, on: { inc } } as never)),
  )
})

const older = defineActor({ machine, version: '1' })
const refused: readonly [what: string, definition: object, message: RegExp][] = [
  ['neither machine nor store', { type: 't' }, /definition 't': expected either a machine or a store/],
  ['both', { type: 't', machine, store: { context: {}, on: {} } }, /expected either a machine or a store/],
  ['a machine that is none', { type: 't', machine: { config: {} } }, /machine: expected what createMachine/],
  ['a machine that is a name', { machine: 'order' }, /machine: expected what .* found 'order'/],
  [
    'a machine without a name',
    { machine: createMachine({}) },
    /type: expected a name: give the machine an id, or the definition a type/,
  ],
  [
    'a type that is no token',
    { machine, type: 'x'.repeat(300) },
    /type: bad type: expected at most 256 encoded bytes, found 300/,
  ],
  ['a type with a lone surrogate', { machine, type: '\ud800' }, /well-formed Unicode/],
  [
    'an empty version',
    { machine, version: '' },
    /version: expected 1 to 64 visible ASCII characters, found ''/,
  ],
  ['a version with spaces', { machine, version: 'v 1' }, /visible ASCII characters, found 'v 1'/],
  ['a version that is a number', { machine, version: 1 }, /visible ASCII characters, found 1/],
  ['previous without version', { machine, previous: [older] }, /previous: expected a version beside it/],
  [
    'previous of another type',
    { machine, type: 'other', version: '2', previous: [older] },
    /previous: expected versions of 'other', found 'counter'/,
  ],
  [
    'the same version again',
    { machine, version: '1', previous: [older] },
    /previous: version '1' is there twice/,
  ],
  [
    'previous that is no definition',
    { machine, version: '2', previous: [{}] },
    /previous: expected what defineActor returns/,
  ],
  ['create that is no function', { machine, create: {} }, /create: expected a function of the key/],
  [
    'a selector that is no function',
    { machine, selectors: { n: 1 } },
    /selectors\.n: expected a function, found 1/,
  ],
  [
    'a schema that is none',
    { machine, schemas: { input: {} } },
    /schemas 'input': expected a Standard Schema/,
  ],
  [
    'an unknown policy',
    { machine, unhandled: 'throw' },
    /unhandled: expected 'ignore' or 'refuse', found 'throw'/,
  ],
  [
    'an unknown executor',
    { machine, executor: 'fast' },
    /executor: expected 'compiled' or 'reference', found 'fast'/,
  ],
  [
    'snapshotEvery below one',
    { machine, snapshotEvery: 0 },
    /snapshotEvery: expected an integer of at least 1, found 0/,
  ],
  ['retainMs below zero', { machine, retainMs: -1 }, /retainMs: expected an integer of at least 0, found -1/],
  ['a store that is none', { type: 's', store: {} }, /store 's': expected createStore\(…\), or a config/],
  [
    'createStoreLogic',
    { type: 's', store: createStoreLogic({ context: { n: 0 }, on: {} }) },
    /createStoreLogic hides its config/,
  ],
  [
    'a reserved event of a store',
    { type: 's', store: { context: {}, on: { 'xstate.x': () => {} } } },
    /on 'xstate\.x': the type is reserved/,
  ],
  [
    'a store transition that is no function',
    { type: 's', store: { context: {}, on: { x: 1 } } },
    /on 'x': expected a function, found number/,
  ],
  [
    'a store context that cannot be stored',
    { type: 's', store: { context: { f: () => {} }, on: {} } },
    /context: f is a function/,
  ],
  [
    'a store without events',
    { type: 's', store: createStore({ context: {}, on: {} }) },
    /declares no event types/,
  ],
]

for (const [what, definition, message] of refused)
  test(`${what} is refused`, () => {
    assert.throws(
      () => defineActor(definition as { machine: typeof machine }),
      (error: SetupError) =>
        error instanceof SetupError && error.code === 'InvalidDefinition' && message.test(error.message),
    )
  })
