import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type AnyActorRef,
  type AnyStateMachine,
  assign,
  createMachine,
  emit,
  sendTo,
  setup,
  stopChild,
} from 'xstate'
import { activity } from '../../machines/index.js'
import { ChildReference } from '../../machines/xstate/references.js'
import { contextAt } from '../contracts/logic.contract.js'
import { logicOf, Stepper, underEither } from './stepping.js'
import { unlawful } from './xstate-fixtures.js'

const kid = setup({}).createMachine({ id: 'kid' })

underEither(() => {
  test('results of children come in as XState events', () => {
    const machine = setup({
      types: { context: {} as { got: unknown[] } },
      actors: { work: activity(async () => ({ n: 1 })), kid },
    }).createMachine({
      context: { got: [] },
      invoke: [
        {
          src: 'work',
          id: 'w',
          onDone: {
            actions: assign({
              got: ({ context, event }) => [
                ...context.got,
                event.output,
                (event as unknown as { actorId: string }).actorId,
              ],
            }),
          },
          onError: { actions: assign({ got: ({ context, event }) => [...context.got, event.error] }) },
        },
        {
          src: 'kid',
          id: 'k',
          onSnapshot: { actions: assign({ got: ({ context, event }) => [...context.got, event.snapshot] }) },
        },
      ],
    })
    const stepper = new Stepper(machine)
    stepper.take({ type: 'done', id: 'w', output: { n: 1 } })
    stepper.take({ type: 'error', id: 'w', error: { name: 'CardDeclined', message: 'no', code: 'card' } })
    stepper.take({ type: 'snapshot', id: 'k', snapshot: { value: 'a' } })
    assert.deepEqual(stepper.state.context.got, [
      { n: 1 },
      'w',
      { name: 'CardDeclined', message: 'no', code: 'card' },
      { value: 'a' },
    ])
  })

  test('an error nobody handles puts the machine in status error, with what went wrong', () => {
    const machine = setup({ actors: { work: activity(async () => 1) } }).createMachine({
      invoke: { src: 'work', id: 'w' },
    })
    const stepper = new Stepper(machine)
    const error = { name: 'Error', message: 'no' }
    assert.deepEqual(stepper.take({ type: 'error', id: 'w', error }), [{ type: 'stop', id: 'w' }])
    assert.deepEqual(
      [stepper.state.status, stepper.state.error, stepper.last.handled],
      ['error', error, true],
    )
    stepper.restore()
    assert.deepEqual([stepper.state.status, stepper.state.error], ['error', error])
    assert.deepEqual(stepper.send('ANY'), [])
  })

  test('handled says whether the state had a transition that does something', () => {
    const machine = setup({ types: { context: {} as { open: boolean } } }).createMachine({
      context: { open: false },
      initial: 'a',
      states: {
        a: {
          on: {
            NOTHING_NEW: { actions: assign(() => ({})) },
            HERE: 'a',
            FORBIDDEN: undefined,
            EMPTY: {},
            GUARDED: { guard: ({ context }) => context.open, target: 'b' },
            'part.*': { actions: emit({ type: 'X' }) },
          },
        },
        b: { on: { '*': { actions: emit({ type: 'X' }) } } },
      },
      on: { FORBIDDEN: '.b', TO_B: '.b' },
    })
    const handled = (...types: string[]) => {
      const stepper = new Stepper(machine)
      for (const type of types) stepper.send(type)
      return stepper.last.handled
    }
    assert.deepEqual(
      ['NOTHING_NEW', 'HERE', 'FORBIDDEN', 'EMPTY', 'GUARDED', 'STRANGER', 'part.one', 'TO_B'].map(type => [
        type,
        handled(type),
      ]),
      [
        ['NOTHING_NEW', true],
        ['HERE', true],
        ['FORBIDDEN', false],
        ['EMPTY', false],
        ['GUARDED', false],
        ['STRANGER', false],
        ['part.one', true],
        ['TO_B', true],
      ],
    )
    assert.equal(handled('TO_B', 'STRANGER'), true, 'a wildcard handles')
  })

  test('an unhandled event leaves the very same state', () => {
    const stepper = new Stepper(createMachine({ on: { GO: {} } }))
    const before = stepper.state
    stepper.send('STRANGER')
    assert.equal(stepper.state, before)
  })

  test('what user code throws at birth is thrown, not stored', () => {
    const cases: [AnyStateMachine, RegExp][] = [
      [
        createMachine({
          context: () => {
            throw new Error('no context')
          },
        }),
        /no context/,
      ],
      [
        createMachine({
          context: {},
          entry: assign(() => {
            throw new TypeError('no entry')
          }),
        }),
        /no entry/,
      ],
      [
        createMachine({
          initial: 'a',
          states: {
            a: {
              always: {
                guard: () => {
                  throw new Error('no guard')
                },
                target: 'b',
              },
            },
            b: {},
          },
        }),
        /no guard/,
      ],
    ]
    for (const [machine, message] of cases) assert.throws(() => new Stepper(machine), message)
  })

  test('a step that throws leaves the state usable', () => {
    const machine = createMachine({
      context: { n: 0 },
      on: {
        BAD: {
          actions: [
            assign({ n: 1 }),
            assign(() => {
              throw new Error('no')
            }),
          ],
        },
        GO: { actions: assign({ n: 2 }) },
      },
    })
    const stepper = new Stepper(machine)
    assert.throws(() => stepper.send('BAD'), /no/)
    assert.equal(stepper.state.context.n, 0)
    stepper.send('GO')
    assert.equal(stepper.state.context.n, 2)
  })

  test('an always that never settles ends in an error', () => {
    const machine = setup({ types: { context: {} as { n: number } } }).createMachine({
      context: { n: 0 },
      initial: 'a',
      states: {
        a: { on: { GO: 'b' } },
        b: { always: { guard: ({ context }) => context.n >= 0, target: 'c' } },
        c: { always: { guard: () => true, target: 'b' } },
      },
    })
    assert.throws(() => new Stepper(machine).send('GO'), /Infinite loop detected.*1000 microsteps/)
  })

  test('an illegal configuration is refused, not stored', () => {
    assert.throws(
      () => new Stepper(createMachine(unlawful)).send('GO'),
      /illegal configuration: state '.*' has 0 active child states where 1 must be active/,
    )
    const chained = createMachine({
      initial: 'a',
      states: {
        a: { on: { GO: 'past' } },
        b: { type: 'parallel', states: { c: {}, h: { id: 'h', type: 'history' } } },
        past: { type: 'history', target: '#h' },
      },
    })
    assert.throws(
      () => new Stepper(chained).send('GO'),
      /illegal configuration: state '.*' is a history state and active/,
    )
  })

  test('clock and randomness of a step come from its context', () => {
    const machine = createMachine({
      context: () => ({ at: Date.now(), luck: Math.random(), id: crypto.randomUUID() }),
      on: { GO: { actions: assign({ at: () => Date.now() }) } },
    })
    const [one, two] = [new Stepper(machine), new Stepper(machine)]
    assert.deepEqual(one.state.context, two.state.context)
    one.send('GO')
    assert.equal(one.state.context.at, 2000)
    const random = Math.random
    const broken = createMachine({
      context: {},
      on: {
        GO: {
          actions: assign(() => {
            throw new Error('no')
          }),
        },
      },
    })
    assert.throws(() => new Stepper(broken).send('GO'))
    assert.equal(Math.random, random)
  })

  test('a static context belongs to each actor alone', () => {
    const machine = createMachine({
      context: { list: [] as number[] },
      on: {
        GO: {
          actions: assign(({ context }) => {
            ;(context.list as number[]).push(1)
            return {}
          }),
        },
      },
    })
    const one = new Stepper(machine)
    one.send('GO')
    assert.deepEqual(new Stepper(machine).state.context, { list: [] })
  })

  test('spawned children are references, in the context as in children, before and after a restart', () => {
    const machine = setup({
      types: { context: {} as { deep: { refs: Map<string, AnyActorRef> } } },
      actors: { kid },
    }).createMachine({
      context: ({ spawn }) => ({ deep: { refs: new Map([['first', spawn('kid', { id: 'first' })]]) } }),
      on: {
        TELL: {
          actions: sendTo(
            ({ context }) => context.deep.refs.get('first') as AnyActorRef,
            ({ context, self }) => ({ type: 'X', me: self, first: context.deep.refs.get('first') }),
          ),
        },
        STOP: { actions: stopChild(({ context }) => context.deep.refs.get('first') as AnyActorRef) },
        OTHER: { actions: emit({ type: 'X' }) },
      },
    })
    const stepper = new Stepper(machine)
    for (let round = 0; round < 2; round++) {
      const inContext = stepper.state.context.deep.refs.get('first')
      assert.ok(inContext instanceof ChildReference)
      assert.equal(inContext, stepper.state.children.first)
      assert.deepEqual([inContext.id, inContext.address, inContext.src], ['first', 'thing/one/first', 'kid'])
      const [told] = stepper.send('TELL')
      assert.ok(told?.type === 'send' && told.to === 'thing/one/first')
      assert.equal((told.event.first as { address: string }).address, 'thing/one/first')
      assert.equal((told.event.me as { address: string }).address, 'thing/one')
      assert.throws(() => inContext.getSnapshot(), /keeps its own state/)
      stepper.restore()
    }
    assert.deepEqual(stepper.send('STOP'), [{ type: 'stop', id: 'first' }])
    assert.deepEqual(stepper.state.children, {})
    stepper.restore()
    const gone = stepper.state.context.deep.refs.get('first') as ChildReference
    assert.equal(gone.id, 'first')
    assert.deepEqual(
      stepper.send('TELL').map(effect => effect.type === 'send' && effect.to),
      ['thing/one/first'],
      'as to a stopped actor: nobody hears it',
    )
  })

  test('self and its previous state are there during a step, and the name after it', () => {
    const seen: unknown[] = []
    let kept: { getSnapshot(): unknown } | undefined
    const machine = createMachine({
      context: { n: 0 },
      on: {
        GO: {
          actions: assign(({ self, context }) => {
            kept = self
            seen.push((self.getSnapshot() as { context: unknown }).context)
            return { n: context.n + 1 }
          }),
        },
      },
    })
    const stepper = new Stepper(machine)
    stepper.send('GO')
    stepper.send('GO')
    assert.deepEqual(seen, [{ n: 0 }, { n: 1 }])
    assert.throws(() => kept?.getSnapshot(), /once the step is over/)
  })

  test('the stored form is small when there is little to say', () => {
    const bytes = (machine: AnyStateMachine) => {
      const logic = logicOf(machine)
      return logic.encode(logic.initial(undefined, contextAt(1)).state).length
    }
    assert.ok(bytes(createMachine({ initial: 'waiting', context: { n: 1 }, states: { waiting: {} } })) < 20)
  })

  test('a state of another machine is refused with what was expected', () => {
    const logic = logicOf(createMachine({ id: 'now', initial: 'a', states: { a: {} } }))
    const old = logicOf(createMachine({ initial: 'gone', states: { gone: {} } }))
    const bytes = old.encode(old.initial(undefined, contextAt(1)).state)
    assert.throws(
      () => logic.decode(bytes),
      /machine 'now' cannot restore the state "gone".*another version/s,
    )
  })

  test('restoring runs no user code', () => {
    let ran = 0
    const count = () => {
      ran++
      return {}
    }
    const machine = setup({ actors: { kid: createMachine({ context: count, entry: count }) } }).createMachine(
      {
        context: count,
        initial: 'a',
        entry: [count, assign(count)],
        exit: count,
        invoke: { src: 'kid', id: 'k', input: count },
        states: {
          a: { always: { guard: () => count() === undefined, target: 'b' }, after: { 10: 'b' } },
          b: {},
        },
        output: count,
      },
    )
    const logic = logicOf(machine)
    const { state } = logic.initial(undefined, contextAt(1))
    const before = ran
    assert.ok(before > 0)
    const restored = logic.decode(logic.encode(state))
    logic.snapshot(restored)
    logic.status(restored)
    logic.canonical(restored)
    assert.equal(ran, before)
  })

  test("a snapshot is XState's: matches, hasTag, can", () => {
    const stepper = new Stepper(
      createMachine({ initial: 'a', states: { a: { tags: 't', on: { GO: 'b' } }, b: {} } }),
    )
    for (let round = 0; round < 2; round++) {
      const snapshot = stepper.logic.snapshot(stepper.state) as unknown as typeof stepper.state
      assert.deepEqual(
        [
          snapshot.matches('a'),
          snapshot.hasTag('t'),
          snapshot.can({ type: 'GO' }),
          snapshot.can({ type: 'NO' }),
        ],
        [true, true, true, false],
      )
      assert.ok(snapshot.tags instanceof Set)
      stepper.restore()
    }
  })
})
