/** Stepping after a kill: many as one, where one commit cannot hold all that was marked; a few one by one. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Command, OperatorOrder } from '../../../actors/command.js'
import { InvalidEventError } from '../../../actors/errors.js'
import type { Answer } from '../../../actors/inbox.js'
import { type Limits, limits } from '../../../actors/limits.js'
import type { Batch } from '../../../runtime/commit/batch.js'
import type { BatchSite } from '../../../runtime/commit/batch-site.js'
import { CautiousSteps } from '../../../runtime/commit/cautious-steps.js'
import type { CommandSources } from '../../../runtime/inbox/command-sources.js'
import { defineActor } from '../../../runtime/index.js'
import { Bindings } from '../../../runtime/step/bindings.js'
import type { Life } from '../../../runtime/step/life.js'
import { counterMachine } from '../../support/engine-counter.js'

const counter = defineActor({ machine: counterMachine, version: '1', create: () => ({ from: 0 }) })
const bindings = new Bindings([counter])
/** What comes from outside is not the matter here. */
const nothing = { take: () => undefined } as unknown as CommandSources

/** Commits, one after another, on what the ones before made. */
class Commits {
  readonly sizes: { published: number; pending: number; marked: number }[] = []
  readonly applied: string[] = []
  readonly #lives = new Map<string, Life>()
  readonly #limits: Limits
  pending: readonly Command[]
  #position = 0

  constructor(pending: readonly Command[], bounds: Limits) {
    this.pending = pending
    this.#limits = bounds
  }

  get site(): BatchSite {
    return {
      cache: { get: address => this.#lives.get(address) },
      bindings,
      limits: this.#limits,
      position: this.#position,
      now: 1_000,
      stamp: 1_000,
      pending: this.pending,
      letter: () => undefined,
    }
  }

  take(batch: Batch): void {
    const { entries, published, pending } = batch.toCommit()
    for (const [address, life] of batch.lives) this.#lives.set(address, life)
    this.#position += entries.length
    this.pending = pending
    this.applied.push(...entries.map(({ command }) => command.commandId))
    const marked = pending.filter(one => one.attempts !== undefined).length
    this.sizes.push({ published: published.length, pending: pending.length, marked })
  }
}

const adds = (count: number): Command[] =>
  Array.from({ length: count }, (_, n) => ({
    kind: 'message',
    commandId: `add-${n}`,
    target: 'counter/c',
    event: { type: 'ADD', n: 1 },
  }))

suite('stepping with care', () => {
  for (const bound of [{ commitMessagesMax: 10 }, { commitBytesMax: 1 }])
    test(`goes no further in one commit than it may hold (${Object.keys(bound)}), in order, each once`, () => {
      const bounds = { ...limits, soloCommandsMax: 1, ...bound }
      const commits = new Commits(adds(35), bounds)
      const careful = new CautiousSteps(true, commits.pending, bounds)
      while (commits.pending.length > 0) commits.take(careful.next(commits.site, nothing).batch)
      const [marking, ...stepping] = commits.sizes
      assert.deepEqual(marking, { published: 0, pending: 35, marked: 35 })
      const most = bounds.commitMessagesMax === 10 ? 10 : 1
      for (const { published } of stepping) assert.ok(published <= most, `${published} in one commit`)
      assert.ok(
        stepping.every(({ pending, marked }) => pending === marked),
        'those left over stay marked',
      )
      assert.deepEqual(
        commits.applied.filter(id => !id.endsWith('.start')),
        adds(35).map(one => one.commandId),
      )
    })

  test('takes in no more bytes than may be pending, and what is left in its turn', () => {
    const bounds = { ...limits, pendingBytesMax: 20_000 }
    const commits = new Commits([], bounds)
    const waiting = adds(30).map(command => {
      const event = { type: 'ADD', n: 1, note: 'x'.repeat(3_000) }
      return { command: { ...command, event } as Command, delivery: undefined }
    })
    const sources = { take: () => waiting.shift() } as unknown as CommandSources
    const careful = new CautiousSteps(true, [], bounds)
    commits.take(careful.next(commits.site, sources).batch)
    assert.deepEqual([commits.pending.length, waiting.length], [4, 26])
    while (commits.pending.length > 0) commits.take(careful.next(commits.site, sources).batch)
    assert.deepEqual(
      commits.applied.filter(id => !id.endsWith('.start')),
      adds(4).map(one => one.commandId),
    )
  })

  test('that dies between two commits finds the rest suspect, and gives none of it up', () => {
    const bounds = { ...limits, soloCommandsMax: 1, commitMessagesMax: 10 }
    const commits = new Commits(adds(35), bounds)
    const first = new CautiousSteps(true, commits.pending, bounds)
    for (let n = 0; n < 2; n++) commits.take(first.next(commits.site, nothing).batch)
    assert.equal(commits.pending.length, 25)
    const second = new CautiousSteps(true, commits.pending, bounds)
    while (commits.pending.length > 0) {
      commits.take(second.next(commits.site, nothing).batch)
      assert.ok(commits.pending.every(one => one.attempts === 1 || one === commits.pending[0]))
    }
    assert.equal(new Set(commits.applied).size, 36)
  })

  test('a few are stepped one by one, each marked before it begins, and each answered', () => {
    const bounds = { ...limits, soloCommandsMax: 3 }
    const commits = new Commits([], bounds)
    const answered: string[] = []
    const waiting = adds(3).map(command => ({
      command,
      delivery: { command, bytes: 1, settle: () => void answered.push(command.commandId) },
    }))
    const sources = { take: () => waiting.shift() } as unknown as CommandSources
    const careful = new CautiousSteps(true, [], bounds)
    const marks: (number | undefined)[][] = []
    const step = () => {
      const { batch } = careful.next(commits.site, sources)
      commits.take(batch)
      for (const { delivery, answer } of batch.answers) delivery.settle(answer)
      marks.push(commits.pending.map(one => one.attempts))
    }
    step()
    assert.equal(careful.waiting.length, 3)
    while (commits.pending.length > 0) step()
    assert.deepEqual(marks, [[2, 1, 1], [2, 1], [2], []])
    assert.deepEqual(answered, ['add-0', 'add-1', 'add-2'])
    step()
    assert.deepEqual(careful.waiting, [])
  })

  for (const soloCommandsMax of [1, 64])
    test(`an inbox is never read a second time, whoever goes on (${soloCommandsMax} one by one at most)`, () => {
      const bounds = { ...limits, soloCommandsMax, commitMessagesMax: 10 }
      const commits = new Commits([], bounds)
      const waiting = adds(35).map((command, n) => {
        const place = { inbox: 'sends' as const, sequence: n + 1, hash: '' }
        return { command, delivery: { command, bytes: 1, isUnheard: true, place, settle: () => {} } }
      })
      const sources = { take: () => waiting.shift() } as unknown as CommandSources
      const careful = new CautiousSteps(true, [], bounds)
      let read = 0
      do {
        const { batch } = careful.next(commits.site, sources)
        commits.take(batch)
        for (const { sequence } of batch.toCommit().taken ?? []) {
          assert.ok(sequence >= read, `read up to ${read}, then ${sequence} is said`)
          read = sequence
        }
        const stepped = commits.applied.filter(id => !id.endsWith('.start')).length
        assert.equal(stepped + commits.pending.length, read, 'all that was read is applied or pending')
      } while (commits.pending.length > 0)
      assert.equal(read, 35)
    })

  for (const soloCommandsMax of [1, 64])
    test(`what was refused at the door is refused at once, and stepped by nobody (${soloCommandsMax} one by one at most)`, () => {
      const bounds = { ...limits, soloCommandsMax }
      const commits = new Commits([], bounds)
      const refusal = new InvalidEventError('counter/c', 'an event that it knows', 'ADD')
      const told: unknown[] = []
      const waiting = adds(3).map((command, n) => {
        const place = { inbox: 'commands' as const, sequence: n + 1, hash: '' }
        const bad = n === 1 ? {} : { refusal, ...(n === 0 ? { isUnheard: true } : {}) }
        const settle = (answer: Answer) => void told.push(answer.ok || answer.error)
        return { command, delivery: { command, bytes: 1, place, ...bad, settle } }
      })
      const sources = { take: () => waiting.shift() } as unknown as CommandSources
      const { batch } = new CautiousSteps(true, [], bounds).next(commits.site, sources)
      for (const { delivery, answer } of batch.answers) delivery.settle(answer)
      const { deadLetters, taken } = batch.toCommit()
      assert.deepEqual(told, [refusal, refusal])
      assert.deepEqual(
        deadLetters.map(({ command }) => command.commandId),
        ['add-0'],
        'nobody waits for the first',
      )
      assert.deepEqual(
        taken?.map(one => one.sequence),
        [3],
      )
      commits.take(batch)
      // The process dies of the one that is left; whoever goes on has the commands alone.
      const next = new CautiousSteps(true, commits.pending, bounds)
      while (commits.pending.length > 0) commits.take(next.next(commits.site, nothing).batch)
      assert.deepEqual(commits.applied, ['add-1.start', 'add-1'])
    })

  test('what nobody waits for and nobody takes is kept, though its process died after it was taken in', () => {
    const commits = new Commits([], limits)
    const waiting = adds(2).map((command, n) => {
      const target = 'nobody/knows'
      const delivery = { command: { ...command, target }, bytes: 1, isUnheard: n === 0, settle: () => {} }
      return { command: delivery.command, delivery }
    })
    const sources = { take: () => waiting.shift() } as unknown as CommandSources
    commits.take(new CautiousSteps(true, [], limits).next(commits.site, sources).batch)
    assert.equal(commits.pending.length, 2)
    const next = new CautiousSteps(true, commits.pending, limits)
    const letters: string[] = []
    while (commits.pending.length > 0) {
      const { batch } = next.next(commits.site, nothing)
      letters.push(...batch.toCommit().deadLetters.map(({ command }) => command.commandId))
      commits.take(batch)
    }
    assert.deepEqual(letters, ['add-0'], 'who waited for the other asks again')
  })

  test('a commit that failed is made again, and whoever waits is answered once', () => {
    const bounds = { ...limits, soloCommandsMax: 3 }
    const commits = new Commits([], bounds)
    const waiting = adds(2).map(command => ({ command, delivery: { command, bytes: 1, settle: () => {} } }))
    const sources = { take: () => waiting.shift() } as unknown as CommandSources
    const careful = new CautiousSteps(true, [], bounds)
    commits.take(careful.next(commits.site, sources).batch)
    const answers = () => {
      const { batch } = careful.next(commits.site, sources)
      const ids = batch.answers.map(({ delivery }) => delivery.command.commandId)
      return { batch, ids }
    }
    const lost = answers()
    assert.deepEqual(lost.ids, ['add-0'])
    careful.undo([lost.batch])
    careful.undo([lost.batch])
    assert.equal(careful.waiting.length, 2)
    const again = answers()
    assert.deepEqual(again.ids, ['add-0'])
    commits.take(again.batch)
    const last = answers()
    assert.deepEqual(last.ids, ['add-1'])
    commits.take(last.batch)
    careful.next(commits.site, sources)
    assert.deepEqual([careful.waiting, commits.pending], [[], []])
  })

  test('what an actor held back is stepped one by one after its release', () => {
    const [first, ...more] = adds(3)
    const order = (order: OperatorOrder): Command => ({
      kind: 'operator',
      commandId: order.type,
      target: 'counter/c',
      order,
    })
    const commits = new Commits([first!, order({ type: 'quarantine', reason: 'why' }), ...more], limits)
    const stepAll = () => {
      const careful = new CautiousSteps(true, commits.pending, limits)
      const made: { stepped: string[]; marks: unknown[] }[] = []
      while (commits.pending.length > 0) {
        const before = commits.applied.length
        commits.take(careful.next(commits.site, nothing).batch)
        const marks = commits.pending.map(one => one.attempts)
        made.push({ stepped: commits.applied.slice(before), marks })
      }
      return made
    }
    stepAll()
    commits.pending = [order({ type: 'release' })]
    assert.deepEqual(stepAll(), [
      { stepped: [], marks: [2] },
      { stepped: ['release'], marks: [1, undefined] },
      { stepped: ['add-1'], marks: [1] },
      { stepped: ['add-2'], marks: [] },
    ])
  })

  test('gives a command up after two deaths alone, and not one that died once with it', () => {
    const commits = new Commits(adds(2), limits)
    commits.take(new CautiousSteps(true, commits.pending, limits).next(commits.site, nothing).batch)
    assert.deepEqual(
      commits.pending.map(one => one.attempts),
      [2, 1],
    )
    commits.take(new CautiousSteps(true, commits.pending, limits).next(commits.site, nothing).batch)
    assert.deepEqual(
      commits.pending.map(one => one.attempts),
      [3, 1],
    )
    const last = new CautiousSteps(true, commits.pending, limits)
    const letters: string[] = []
    while (commits.pending.length > 0) {
      const { batch } = last.next(commits.site, nothing)
      letters.push(...batch.toCommit().deadLetters.map(({ command }) => command.commandId))
      commits.take(batch)
    }
    assert.deepEqual(letters, ['add-0'])
    assert.equal(commits.applied.at(-1), 'add-1')
  })
})
