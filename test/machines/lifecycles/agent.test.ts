import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createActor, toPromise } from 'xstate'
import { activity } from '../../../machines/activity.js'
import { createAgent, type Thought } from '../../../machines/lifecycles/agent.js'

interface Seen {
  readonly target: number
  readonly sum: number
}

/** An agent that may only add what a dice shows, and answers once it has enough. */
function gatherer(turnsMax: number, dice: () => Promise<number>) {
  return createAgent<number, Seen, string, 'roll', number>({
    id: 'gatherer',
    perceive: (target, rolls) => ({ target, sum: rolls.reduce((sum, roll) => sum + roll, 0) }),
    reason: activity(
      async ({ input: { sum, target } }: { input: Seen }): Promise<Thought<string, 'roll'>> =>
        sum >= target ? { answer: `${sum} is enough` } : { deed: 'roll' },
    ),
    act: activity<number, 'roll'>(dice),
    turnsMax,
  })
}

describe('an agent', () => {
  it('perceives, reasons and acts until it has an answer', async () => {
    const agent = createActor(
      gatherer(10, async () => 4),
      { input: 10 },
    ).start()
    assert.deepEqual(await toPromise(agent), { status: 'concluded', answer: '12 is enough', turns: 4 })
  })

  it('stops thinking when its turns are used up', async () => {
    const agent = createActor(
      gatherer(3, async () => 0),
      { input: 10 },
    ).start()
    assert.deepEqual(await toPromise(agent), { status: 'exhausted', turns: 3 })
  })

  it('fails when a deed of it fails', async () => {
    const agent = createActor(
      gatherer(3, async () => {
        throw new Error('the dice is lost')
      }),
      { input: 10 },
    )
    const failed = toPromise(agent)
    agent.start()
    await assert.rejects(failed, { message: 'the dice is lost' })
  })
})
