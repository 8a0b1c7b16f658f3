/** Everything that must hold once a run has come to rest. */
import { verifyJournal } from '../../../runtime/verify.js'
import { owingAddresses } from '../../support/owing-pages.js'
import { checkCounters } from './counters.js'
import type { Evidence } from './evidence.js'
import { checkMoney } from './money.js'
import { checkOrders } from './orders.js'
import { checkFamilies, checkReminders } from './timers.js'
import { checkResults, checkWork } from './work.js'

export function checkAll(evidence: Evidence): void {
  checkRest(evidence)
  checkOrders(evidence)
  checkCounters(evidence)
  checkMoney(evidence)
  checkReminders(evidence)
  checkFamilies(evidence)
  checkResults(evidence)
  checkWork(evidence)
  checkFold(evidence)
}

/** Nothing is owed any more, and nothing was given up that should not be. */
function checkRest({ runtime, truth, fail }: Evidence): void {
  const { journal } = runtime.shard
  const all = Number.MAX_SAFE_INTEGER
  const owing = owingAddresses(journal)
  if (owing.length > 0) fail(`at rest, these still owe work: ${owing.join(', ')}`)
  if (journal.pending().length > 0) fail(`at rest, ${journal.pending().length} commands are pending`)
  for (const kind of ['timer', 'retry'] as const) {
    const due = journal.due(kind, Number.MAX_VALUE, all)
    if (due.length > 0) fail(`at rest, there is still a ${kind} of ${due[0]!.address}`)
  }
  for (const { command, error } of journal.deadLetters(undefined, all))
    if (error.message !== 'boom' && error.code !== 'NotFound' && command.commandId !== 'poison')
      fail(`${command.commandId} to ${command.target} became a dead letter: ${error.message}`)
  for (const { address } of journal.list({ limit: all }))
    if (!truth.records.has(address)) fail(`${address} is listed, and was never committed`)
}

/** The journal can be folded again and gives the same. */
function checkFold({ runtime, limits, fail }: Evidence): void {
  const { differences } = verifyJournal(runtime.shard.journal, runtime.bindings, limits)
  for (const { actor, seq, what } of differences)
    fail(`folded again, ${actor} differs at entry ${seq}: ${what}`)
}
