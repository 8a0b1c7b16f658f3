/** Counters against a list and a sum made from the history by hand; what they published, and did, with it. */
import type { JournalEntry } from '../../../actors/commit.js'
import type { CounterContext, CounterEvent } from '../machines/counter.js'
import type { Truth } from '../truth.js'
import { actorsOf, type Evidence, entriesOf } from './evidence.js'

export function checkCounters(evidence: Evidence): void {
  const { books, fail } = evidence
  for (const { id, key, context, truth } of actorsOf<CounterContext>(evidence, 'counter')) {
    const entries = entriesOf(evidence, id)
    const added = addedBy(id, entries, fail)
    const [ids, total] = [added.map(one => one.id), added.reduce((sum, one) => sum + one.amount, 0)]
    if (ids.join() !== context.ids.join())
      fail(`${id} holds ${context.ids.join()}, its history ${ids.join()}`)
    if (total !== context.total) fail(`${id} counts ${context.total}, its history ${total}`)
    if (new Set(ids).size !== ids.length) fail(`${id} counted something twice: ${ids.join()}`)
    checkPublished(truth, fail, id, added)
    for (const one of ids)
      if ((books.acted.get(`${key} ${one}`) ?? 0) > 1) fail(`${id} ran the custom action of ${one} twice`)
  }
  for (const about of books.acted.keys()) {
    const [key, id = ''] = about.split(' ')
    const { published } = evidence.of(`counter/${key}`).truth
    const written = published.some(one => one.address === `counter/${key}` && one.event.id === id)
    if (!written) fail(`a custom action of ${about} ran, and nothing durable wanted it`)
  }
}

type Add = Extract<CounterEvent, { type: 'ADD' }>

/** What was added, in order. A delayed one counts when its timer fires: their numbers are in order of their coming. */
function addedBy(address: string, entries: readonly JournalEntry[], fail: (what: string) => void): Add[] {
  const added: Add[] = []
  const delayed: ({ add: Add; dueAt: number } | undefined)[] = []
  for (const { command, outcome, at } of entries) {
    if (outcome !== 'applied') continue
    if (command.kind === 'message' && command.event.type === 'ADD') {
      const add = command.event as Add
      if (command.delayMs === undefined) added.push(add)
      else delayed.push({ add, dueAt: at + command.delayMs })
    }
    if (command.kind !== 'timer') continue
    const timer = delayed[command.timer - 1]
    if (timer === undefined) {
      fail(`${address}: timer ${command.timer} fired twice, or was never set`)
      continue
    }
    if (at < timer.dueAt) fail(`${address}: timer ${command.timer} fired ${timer.dueAt - at} ms early`)
    added.push(timer.add)
    delayed[command.timer - 1] = undefined
  }
  for (const timer of delayed) if (timer !== undefined) fail(`${address}: ${timer.add.id} never came`)
  return added
}

function checkPublished(truth: Truth, fail: Evidence['fail'], address: string, added: readonly Add[]): void {
  let total = 0
  const expected = added.map(({ id, amount }) => {
    total += amount
    return `${id} ${total}`
  })
  const published = truth.published.filter(one => one.address === address)
  const found = published.map(({ event }) => `${event.id} ${event.total}`)
  if (expected.join() !== found.join())
    fail(`${address} published ${found.join()}, its history says ${expected.join()}`)
  for (const { position, seq } of published) {
    const entry = truth.entries[position - 1]
    if (entry?.address !== address || entry.seq !== seq)
      fail(`${address} published at ${position} as of entry ${seq}, which is another`)
  }
}
