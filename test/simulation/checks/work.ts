/** Work in the outside world against the world's own books; results against the history. */
import type { InvocationToken } from '../../../actors/command.js'
import type { JobContext } from '../machines/job.js'
import { attemptName, type Truth } from '../truth.js'
import { actorsOf, type Evidence } from './evidence.js'

/** One attempt, ask or child has one result, and one only counts. */
export function checkResults(truth: Truth, fail: Evidence['fail']): void {
  const seen = new Set<string>()
  const ended = new Set<string>()
  for (const { command, outcome } of truth.entries) {
    if (command.kind !== 'result' || command.outcome.status === 'snapshot' || outcome === 'held') continue
    const name = attemptName(command.token)
    if (seen.has(name)) fail(`the result of ${name} was applied twice`)
    seen.add(name)
    const task = taskName(command.token)
    if (ended.has(task)) fail(`${task} had a result already when that of ${name} was applied`)
    if (command.outcome.status === 'done') ended.add(task)
  }
}

function taskName(token: InvocationToken): string {
  return attemptName({ ...token, attempt: 0 })
}

export function checkWork(evidence: Evidence): void {
  const { books, shards, fail } = evidence
  const names = shards.flatMap(({ truth }) => [...truth.owed.keys()])
  const owed = new Set(names.map(name => name.replace(/ attempt \d+$/, '')))
  for (const key of [...books.ledger.keys(), ...books.printed.keys()])
    if (!owed.has(key)) fail(`the world did ${key}, which nothing durable ever owed`)
  for (const [key, times] of books.printed) if (times > 1) fail(`${key} was printed ${times} times`)
  const used = new Set<string>()
  for (const job of actorsOf<JobContext>(evidence, 'job')) checkJob(evidence, job, used)
}

function checkJob(
  { books, fail }: Evidence,
  { id, context, value, status }: { id: string; context: JobContext; value: unknown; status: string },
  used: Set<string>,
): void {
  const { receipts, failures, items, page } = context
  if (status !== 'done') return fail(`${id} never ended: it is ${JSON.stringify(value)}`)
  for (const { key, receipt } of receipts) {
    const effect = books.ledger.get(key)
    if (effect?.receipt !== receipt) fail(`${id} holds '${receipt}' for ${key}, the world ${effect?.receipt}`)
    if (used.has(key)) fail(`${id} holds the receipt of ${key}, which another has too`)
    used.add(key)
  }
  const printed = /^page (.*)$/.exec(page)?.[1]
  if (printed !== undefined && books.printed.get(printed) !== 1)
    fail(`${id} holds a page that was printed ${books.printed.get(printed)} times`)
  if (value !== 'finished') return
  const errands = receipts.length + failures - items.length - 1
  if (errands !== 0 && errands !== 1)
    fail(`${id} has ${receipts.length} receipts and ${failures} failures for ${items.length} items`)
}
