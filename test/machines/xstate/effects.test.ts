/**
 * What becomes of every XState construct: a table, one row a construct.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type AnyActorRef,
  assign,
  cancel,
  emit,
  enqueueActions,
  forwardTo,
  log,
  raise,
  sendParent,
  sendTo,
  setup,
  spawnChild,
  stopChild,
} from 'xstate'
import type { Effect } from '../../../actors/effect.js'
import { activity, ref } from '../../../machines/index.js'
import { firstEffects, Stepper, underEither } from '../stepping.js'
import { during, kid, on, parts } from './acting.js'

const rows: readonly [construct: string, actions: unknown, effects: readonly Effect[]][] = [
  ['raise', raise({ type: 'X' }), []],
  ['delayed raise', raise({ type: 'X' }, { delay: 5 }), [timer('x:2-0', 5, 'X')]],
  ['delayed raise with id', raise({ type: 'X' }, { delay: 5, id: 'mine' }), [timer('mine', 5, 'X')]],
  ['raise with a named delay', raise({ type: 'X' }, { delay: 'soon' } as never), [timer('x:2-0', 20, 'X')]],
  [
    'raise with a computed delay',
    raise({ type: 'X' }, { delay: 'later' } as never),
    [timer('x:2-0', 30, 'X')],
  ],
  ['raise into the past', raise({ type: 'X' }, { delay: -5 }), [timer('x:2-0', 0, 'X')]],
  ['cancel', cancel('mine'), [{ type: 'cancel', id: 'mine' }]],
  ['sendTo a child by id', sendTo('kid', { type: 'X' }), [send('thing/one/kid', 'X')]],
  [
    'sendTo a child by reference',
    sendTo(
      ({ self }) =>
        (self.getSnapshot() as { children: Record<string, AnyActorRef> }).children.kid as AnyActorRef,
      { type: 'X' },
    ),
    [send('thing/one/kid', 'X')],
  ],
  [
    'delayed sendTo',
    sendTo('kid', { type: 'X' }, { delay: 5, id: 'd' }),
    [{ ...timer('d', 5, 'X'), to: 'thing/one/kid' }],
  ],
  ['sendTo another actor', sendTo(() => ref('other', 'a b'), { type: 'X' }), [send('other/a%20b', 'X')]],
  ['sendTo self', sendTo(({ self }) => self, { type: 'X' }), [send('thing/one', 'X')]],
  ['delayed sendTo self', sendTo(({ self }) => self, { type: 'X' }, { delay: 5 }), [timer('x:2-0', 5, 'X')]],
  ['sendParent', sendParent({ type: 'X' }), [send('boss/b', 'X')]],
  ['forwardTo', forwardTo('kid'), [send('thing/one/kid', 'GO')]],
  ['sendTo an activity', sendTo('work', { type: 'X' }), []],
  ['emit', emit({ type: 'X' }), [{ type: 'publish', event: { type: 'X' } }]],
  ['log', log(({ event }) => event.type, 'said'), [{ type: 'log', value: 'GO', label: 'said' }]],
  ['assign', assign({ wait: 1 }), []],
  ['stopChild', stopChild('kid'), [{ type: 'stop', id: 'kid' }]],
  ['stopChild of an activity', stopChild('work'), [{ type: 'stop', id: 'work' }]],
  ['stopChild of nobody', stopChild('nobody'), []],
  [
    'spawnChild of a machine',
    spawnChild('kid', { id: 'two', input: 7 } as never),
    [{ type: 'spawn', id: 'two', src: 'kid', input: 7, syncSnapshot: false }],
  ],
  [
    'spawnChild that syncs',
    spawnChild('kid', { id: 'two', syncSnapshot: true } as never),
    [{ type: 'spawn', id: 'two', src: 'kid', input: undefined, syncSnapshot: true }],
  ],
  [
    'spawnChild of a reducer',
    spawnChild('sum', { id: 'two' } as never),
    [{ type: 'spawn', id: 'two', src: 'sum', input: undefined, syncSnapshot: false }],
  ],
  [
    'spawnChild of an activity',
    spawnChild('work', { id: 'two' } as never),
    [{ type: 'invoke', id: 'two', src: 'work', input: undefined }],
  ],
  [
    'spawnChild of an ask',
    spawnChild('ask', { id: 'two', input: { key: 'k' } } as never),
    [{ type: 'invoke', id: 'two', src: 'ask', input: { key: 'k' } }],
  ],
  [
    'spawnChild of an each',
    spawnChild('many', { id: 'two', input: [1] } as never),
    [{ type: 'invoke', id: 'two', src: 'many', input: [1] }],
  ],
  [
    'spawnChild of a plain promise',
    spawnChild('plain', { id: 'two' } as never),
    [{ type: 'invoke', id: 'two', src: 'plain', input: undefined }],
  ],
  [
    'spawn',
    during(({ spawn }) => spawn('kid', { id: 'two', input: 7 })),
    [{ type: 'spawn', id: 'two', src: 'kid', input: 7, syncSnapshot: false }],
  ],
  [
    'spawn without id',
    during(({ spawn }) => spawn('kid')),
    [{ type: 'spawn', id: 'x:2-0', src: 'kid', input: undefined, syncSnapshot: false }],
  ],
  [
    'spawn of an activity',
    during(({ spawn }) => spawn('work', { id: 'two' })),
    [{ type: 'invoke', id: 'two', src: 'work', input: undefined }],
  ],
  [
    'enqueueActions',
    enqueueActions(({ enqueue, check }) => {
      if (check(() => true)) enqueue.emit({ type: 'X' } as never)
      enqueue.sendTo('kid', { type: 'Y' } as never)
      enqueue.raise({ type: 'Z' } as never)
    }),
    [{ type: 'publish', event: { type: 'X' } }, send('thing/one/kid', 'Y')],
  ],
]

function send(to: string, type: string): Effect {
  return { type: 'send', to, event: { type } }
}

function timer(id: string, delayMs: number, type: string): Effect & { type: 'timer' } {
  return { type: 'timer', id, delayMs, event: { type } }
}

underEither(() => {
  for (const [construct, actions, effects] of rows)
    test(`${construct} becomes ${effects.map(effect => effect.type).join(', ') || 'nothing'}`, () => {
      assert.deepEqual(on(actions).send('GO'), effects)
    })

  test("invocations become invoke or spawn; their ids are XState's", () => {
    const machine = parts.createMachine({
      id: 'm',
      initial: 'a',
      states: {
        a: {
          invoke: [
            { src: 'work', input: { a: 1 } },
            { src: 'kid', onSnapshot: {} },
            { src: activity(async () => 1) as never, id: 'inline' },
            { src: kid as never },
          ],
          on: { OUT: 'b' },
        },
        b: {},
      },
    })
    const stepper = new Stepper(machine)
    assert.deepEqual(stepper.effects, [
      { type: 'invoke', id: '0.m.a', src: 'work', input: { a: 1 } },
      { type: 'spawn', id: '1.m.a', src: 'kid', input: undefined, syncSnapshot: true },
      { type: 'invoke', id: 'inline', src: 'xstate.invoke.2.m.a', input: undefined },
      { type: 'spawn', id: '3.m.a', src: 'xstate.invoke.3.m.a', input: undefined, syncSnapshot: false },
    ])
    assert.equal(stepper.logic.source('xstate.invoke.2.m.a')?.kind, 'activity')
    assert.equal(stepper.logic.source('xstate.invoke.3.m.a')?.kind, 'child')
    assert.equal(stepper.logic.source('nobody'), undefined)
    assert.deepEqual(
      stepper.send('OUT'),
      ['0.m.a', '1.m.a', 'inline', '3.m.a'].map(id => ({ type: 'stop', id })),
    )
  })

  test('after becomes a timer named by its event, cancelled on exit', () => {
    const machine = parts.createMachine({
      id: 'm',
      initial: 'a',
      states: { a: { after: { 1000: 'b', soon: 'b' }, on: { OUT: 'b' } }, b: {} },
    })
    const stepper = new Stepper(machine)
    const ids = ['xstate.after.1000.m.a', 'xstate.after.soon.m.a']
    assert.deepEqual(stepper.effects, [
      timer(ids[0] as string, 1000, ids[0] as string),
      timer(ids[1] as string, 20, ids[1] as string),
    ])
    assert.deepEqual(
      stepper.send('OUT'),
      ids.map(id => ({ type: 'cancel', id })),
    )
  })

  test("a due timer is the machine's own event", () => {
    const machine = parts.createMachine({
      id: 'm',
      initial: 'a',
      states: { a: { after: { 1000: 'b' } }, b: {} },
    })
    const stepper = new Stepper(machine)
    const [set] = stepper.effects
    assert.ok(set?.type === 'timer')
    stepper.take({ type: 'timer', id: set.id, event: set.event })
    assert.deepEqual([stepper.state.value, stepper.last.handled], ['b', true])
  })

  test('a custom action waits for the commit, and then has what it would have had', () => {
    const seen: unknown[] = []
    const machine = setup({
      types: { context: {} as { n: number } },
      actions: {
        tell: ({ context, event }, params: { word: string }) =>
          seen.push([context.n, event.type, params.word]),
      },
    }).createMachine({
      context: { n: 0 },
      on: {
        GO: {
          actions: [
            { type: 'tell', params: ({ context }) => ({ word: `was ${context.n}` }) },
            assign({ n: 1 }),
            { type: 'tell', params: { word: 'now' } },
          ],
        },
      },
    })
    const effects = new Stepper(machine).send('GO')
    assert.deepEqual(
      effects.map(effect => effect.type === 'act' && effect.name),
      ['tell', 'tell'],
    )
    assert.deepEqual(seen, [], 'nothing has run')
    for (const effect of effects) if (effect.type === 'act') effect.run()
    assert.deepEqual(seen, [
      [0, 'GO', 'was 0'],
      [1, 'GO', 'now'],
    ])
  })

  test('a child is born before it is sent to, and the old one under its id is stopped first', () => {
    const machine = parts.createMachine({
      id: 'm',
      initial: 'a',
      states: {
        a: {
          entry: [emit({ type: 'ENTERED' } as never), sendTo('kid', { type: 'HI' } as never)],
          exit: sendTo('kid', { type: 'BYE' } as never),
          invoke: { src: 'kid', id: 'kid' },
          on: { AGAIN: { target: 'a', reenter: true } },
        },
      },
    })
    const stepper = new Stepper(machine)
    const types = (effects: readonly Effect[]) =>
      effects.map(effect => (effect.type === 'send' ? effect.event.type : effect.type))
    assert.deepEqual(types(stepper.effects), ['publish', 'spawn', 'HI'])
    stepper.restore()
    assert.deepEqual(types(stepper.send('AGAIN')), ['BYE', 'stop', 'publish', 'spawn', 'HI'])
  })

  test('a child born and stopped within one macrostep never was; what was sent to it goes with it', () => {
    const machine = parts.createMachine({
      initial: 'a',
      states: {
        a: { on: { GO: 'brief' } },
        brief: {
          entry: sendTo('kid', { type: 'HI' } as never),
          invoke: [
            { src: 'kid', id: 'kid' },
            { src: 'work', id: 'work' },
          ],
          always: 'b',
        },
        b: { entry: emit({ type: 'ARRIVED' } as never) },
      },
    })
    const stepper = new Stepper(machine)
    assert.deepEqual(stepper.send('GO'), [{ type: 'publish', event: { type: 'ARRIVED' } }])
    assert.deepEqual(stepper.state.children, {})
  })

  test('whoever takes the id of a living child replaces it', () => {
    const again = during(({ spawn }) => spawn('kid', { id: 'kid' }))
    const born = { type: 'spawn', id: 'kid', src: 'kid', input: undefined, syncSnapshot: false } as const
    const stopped = { type: 'stop', id: 'kid' } as const
    assert.deepEqual(on(again).send('GO'), [stopped, born])
    assert.deepEqual(on([stopChild('kid'), again]).send('GO'), [stopped, born])
    assert.deepEqual(on([again, again]).send('GO'), [stopped, born, stopped, born])
    const brief = on([again, stopChild('kid')])
    assert.deepEqual(brief.send('GO'), [stopped])
    assert.deepEqual(Object.keys(brief.state.children), ['work'])
  })

  test('the end of a machine stops what it started', () => {
    const machine = parts.createMachine({
      initial: 'a',
      invoke: { src: 'kid', id: 'kid' },
      states: { a: { invoke: { src: 'work', id: 'work' }, on: { END: 'z' } }, z: { type: 'final' } },
      output: 5,
    })
    const stepper = new Stepper(machine)
    assert.deepEqual(stepper.send('END'), [
      { type: 'stop', id: 'work' },
      { type: 'stop', id: 'kid' },
    ])
    assert.deepEqual([stepper.state.status, stepper.state.output, stepper.state.children], ['done', 5, {}])
  })

  test("a child does not run in its parent's step: neither its context nor its input is made there", () => {
    let ran = 0
    const curious = setup({}).createMachine({
      id: 'curious',
      context: () => ({ n: ++ran }),
      entry: () => {
        ran++
      },
    })
    const machine = setup({ actors: { curious } }).createMachine({
      invoke: [{ src: 'curious' }, { src: curious as never }],
    })
    assert.equal(firstEffects(machine).length, 2)
    assert.equal(ran, 0)
  })
})
