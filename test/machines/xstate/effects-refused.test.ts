/**
 * What a machine may ask for in a step and cannot have: the step fails and says what to do instead.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type AnyActorRef,
  createMachine,
  emit,
  enqueueActions,
  raise,
  sendParent,
  sendTo,
  stopChild,
} from 'xstate'
import { ref } from '../../../machines/index.js'
import { Stepper, underEither } from '../stepping.js'
import { during, kid, on } from './acting.js'

const refused: readonly [what: string, actions: unknown, message: RegExp][] = [
  ['sendTo an unknown child', sendTo('nobody', { type: 'X' }), /Unable to send event to actor 'nobody'/],
  [
    'a live actor as target',
    sendTo((() => ({ send() {} })) as never, { type: 'X' } as never),
    /sends to a live actor: expected self/,
  ],
  [
    'a reserved event for another actor',
    sendTo('kid', { type: 'xstate.done.actor.x' }),
    /'xstate.done.actor.x' to thing\/one\/kid: that type is reserved/,
  ],
  [
    'an endless delay',
    raise({ type: 'X' }, { delay: Number.POSITIVE_INFINITY }),
    /the delay of 'X' is Infinity/,
  ],
  ['a delay that is no number', raise({ type: 'X' }, { delay: () => Number.NaN }), /the delay of 'X' is NaN/],
  [
    'emit of something that is no event',
    emit('X' as never),
    /emit expects an event object with a type, found string/,
  ],
  [
    'a system lookup',
    sendTo(({ system }) => system.get('x') as AnyActorRef, { type: 'X' }),
    /no actor system shared in memory/,
  ],
  [
    'stopChild of a stranger',
    stopChild(() => ref('other', 'a') as never),
    /cannot stop other\/a: stopChild works on the machine's own children/,
  ],
  [
    'enqueued spawnChild without id',
    enqueueActions(({ enqueue }) => enqueue.spawnChild('kid' as never)),
    /'kid' by spawnChild without an id/,
  ],
  [
    'enqueued spawnChild of nothing',
    enqueueActions(({ enqueue }) => enqueue.spawnChild('nobody' as never, { id: 'n' } as never)),
    /'nobody', which is not among its actors/,
  ],
  [
    'enqueued spawnChild inline',
    enqueueActions(({ enqueue }) => enqueue.spawnChild(kid as never, { id: 'n' } as never)),
    /spawned logic given inline \(child 'n'\)/,
  ],
  ['spawn inline', during(({ spawn }) => spawn(kid, { id: 'n' })), /spawned logic given inline/],
  ['spawn with a systemId', during(({ spawn }) => spawn('kid', { systemId: 's' })), /systemId 's'/],
  [
    'an enqueued action nobody wrote',
    enqueueActions(({ enqueue }) => enqueue('nobody' as never)),
    /'nobody', which has no implementation/,
  ],
  [
    'self.send in a step',
    during(({ self }) => self.send({ type: 'X' })),
    /thing\/one is a reference: use sendTo/,
  ],
]

underEither(() => {
  for (const [what, actions, message] of refused)
    test(`${what} fails the step and says why`, () => {
      assert.throws(() => on(actions).send('GO'), message)
    })

  test('sendParent without a parent fails the step and says why', () => {
    const machine = createMachine({ on: { GO: { actions: sendParent({ type: 'X' }) } } })
    const stepper = new Stepper(machine, undefined, '')
    const orphan = { ...stepper.context(), parent: undefined }
    assert.throws(
      () => stepper.logic.step(stepper.state, { type: 'event', event: { type: 'GO' } }, orphan),
      /thing\/one has no parent/,
    )
  })
})
