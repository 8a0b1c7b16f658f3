import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Command, ResultCommand } from '../../../actors/command.js'
import type { Journal } from '../../../actors/journal.js'
import { limits } from '../../../actors/limits.js'
import { Losses } from '../../../runtime/recovery/losses.js'
import { applyCommand } from '../../../runtime/step/apply-command.js'
import { Bindings } from '../../../runtime/step/bindings.js'
import type { Life } from '../../../runtime/step/life.js'
import { workerOf } from '../../support/engine-worker.js'

const bindings = new Bindings([workerOf(() => new Promise(() => {}))])
const target = 'worker/w'

function born(): Life {
  const start: Command = { kind: 'start', commandId: 's', target, input: {} }
  const site = { position: 1, now: 0, limits, bindings, sendsMax: 10, sendsBytesMax: 1_000_000 }
  const application = applyCommand(undefined, start, site)
  if (application.kind !== 'applied') throw new Error(`expected a birth, found ${application.kind}`)
  return application.life
}

function resultOf({ record }: Life, attempt: number): Command {
  const [{ id, epoch } = { id: '', epoch: 0 }] = record.invocations
  const token = { actor: target, incarnation: record.incarnation, id, epoch, task: 0, attempt }
  const outcome = { status: 'done', output: 1 } as const
  return { kind: 'result', commandId: `r.${attempt}`, sender: target, target, token, outcome }
}

function lossesOf(
  life: Life,
  pending: readonly Command[],
  { earlier = [], isLeftInOrder = false }: { earlier?: readonly string[]; isLeftInOrder?: boolean } = {},
): Losses {
  const losses = () => earlier.map(to => ({ until: life.record.position, to }))
  const journal = { position: 1, losses, pending: () => pending } as unknown as Journal
  return new Losses({ journal, limits, isLeftInOrder })
}

suite('losses', () => {
  test('are counted before whatever touches an actor, those of earlier processes as far as they reached it', () => {
    const life = born()
    const poke: Command = { kind: 'message', commandId: 'p', target, event: { type: 'POKE' } }
    const order = lossesOf(life, [], { earlier: ['worker/a', 'worker/z'] }).before(poke, life)
    assert.deepEqual(order?.order, { type: 'recover', until: 1, earlier: [1] })
    assert.deepEqual(lossesOf(life, []).before(poke, life)?.order, { type: 'recover', until: 1 })
  })

  test('are none of the attempt whose result an earlier process left to be stepped; the rest is counted after it', () => {
    const life = born()
    const left = resultOf(life, 1)
    const losses = lossesOf(life, [left])
    assert.equal(losses.before(left, life), undefined)
    assert.deepEqual([losses.takePassed(target), losses.takePassed(target)], [true, false])
    assert.ok(lossesOf(life, []).before(left, life), 'of this process, or nobody: the attempt is lost')
    assert.ok(lossesOf(life, [resultOf(life, 2)]).before(resultOf(life, 2), life), 'of another attempt')
  })

  test('let no attempt begin after one whose result is left to be stepped', () => {
    const life = born()
    const begins = (left: readonly Command[]) => {
      const losses = lossesOf(life, left)
      losses.reach('worker/x')
      losses.offer()
      losses.committed()
      losses.begin('worker/x')
      return losses.counted(life).record.invocations.map(({ tasks: [task] }) => [task?.attempt, task?.state])
    }
    const [result] = [resultOf(life, 1)]
    assert.deepEqual(begins([result]), [[1, 'parked']], 'it has ended, and its outcome is to be heard first')
    const another = { incarnation: 7, epoch: 7, task: 1, attempt: 2 }
    for (const [name, value] of Object.entries(another)) {
      const token = { ...(result as ResultCommand).token, [name]: value }
      assert.deepEqual(begins([{ ...result, token } as Command]), [[2, 'ready']], `of another ${name}`)
    }
    assert.deepEqual(
      begins([{ ...result, target: 'worker/v' } as Command]),
      [[2, 'ready']],
      'of another actor',
    )
    const poke: Command = { kind: 'message', commandId: 'p', target, event: { type: 'POKE' } }
    assert.deepEqual(begins([poke]), [[2, 'ready']], 'no outcome')
  })

  test('let attempts begin again only as far as is durable, with the attempt after', () => {
    const life = born()
    const losses = lossesOf(life, [])
    const attempts = () => losses.counted(life).record.invocations.map(one => one.tasks[0]?.attempt)
    assert.deepEqual(attempts(), [])
    losses.reach('worker/x')
    assert.deepEqual(losses.offer(), { losses: [{ until: 1, to: 'worker/x' }] })
    assert.deepEqual(losses.offer(), {}, 'it is on its way')
    losses.lost()
    assert.equal(losses.reached, undefined)
    assert.deepEqual(losses.offer(), { losses: [{ until: 1, to: 'worker/x' }] })
    losses.committed()
    assert.equal(losses.reached, 'worker/x')
    losses.begin('worker/x')
    assert.deepEqual(attempts(), [2])
  })

  test('are none where the owner before left in order, but for those that he left to be counted', () => {
    const life = born()
    const poke: Command = { kind: 'message', commandId: 'p', target, event: { type: 'POKE' } }
    assert.equal(lossesOf(life, [], { isLeftInOrder: true }).before(poke, life), undefined)
    const left = lossesOf(life, [], { isLeftInOrder: true, earlier: ['worker/z', 'worker/a'] })
    assert.deepEqual([left.isOver, left.isMarking], [false, false])
    assert.deepEqual(left.before(poke, life)?.order, { type: 'recover', until: 1 })
    assert.deepEqual(left.counted(life).record.invocations, [], 'it counts before it begins')
  })

  test('are left to be counted by whoever comes, when their process leaves before it has walked to the end', () => {
    const life = born()
    const losses = lossesOf(life, [])
    losses.reachAll()
    const kept = losses.offer().losses ?? []
    assert.deepEqual(
      kept.map(({ until, to }) => [until, to > 'z~'.repeat(100)]),
      [[1, true]],
    )
  })
})
