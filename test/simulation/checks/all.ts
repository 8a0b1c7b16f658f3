/** Everything that must hold once a run has come to rest. */
import { verifyJournal } from '../../../runtime/verify.js'
import { owingAddresses } from '../../support/owing-pages.js'
import { checkCounters } from './counters.js'
import type { Evidence, ShardEvidence } from './evidence.js'
import { checkMoney } from './money.js'
import { checkOrders } from './orders.js'
import { checkFamilies, checkReminders } from './timers.js'
import { checkResults, checkWork } from './work.js'

/** What a command may become a dead letter for: nobody is there, or takes it, and no sender waits for that. */
const EXPECTED: ReadonlySet<string> = new Set(['NotFound', 'NotHandled', 'InvalidEvent'])

export function checkAll(evidence: Evidence): void {
  for (const shard of evidence.shards) checkRest(shard, evidence.fail)
  checkOrders(evidence)
  checkCounters(evidence)
  checkMoney(evidence)
  checkReminders(evidence)
  checkFamilies(evidence)
  for (const { truth } of evidence.shards) checkResults(truth, evidence.fail)
  checkWork(evidence)
  for (const shard of evidence.shards) checkFold(shard, evidence)
}

/** Nothing is owed any more, and nothing was given up that should not be. */
function checkRest({ journal, truth }: ShardEvidence, fail: Evidence['fail']): void {
  const all = Number.MAX_SAFE_INTEGER
  const owing = owingAddresses(journal)
  if (owing.length > 0) fail(`at rest, these still owe work: ${owing.join(', ')}`)
  if (journal.pending().length > 0) fail(`at rest, ${journal.pending().length} commands are pending`)
  for (const kind of ['timer', 'retry'] as const) {
    const due = journal.due(kind, Number.MAX_VALUE, all)
    if (due.length > 0) fail(`at rest, there is still a ${kind} of ${due[0]!.address}`)
  }
  for (const { command, error } of journal.deadLetters(undefined, all))
    if (!EXPECTED.has(error.code ?? '') && error.message !== 'boom' && command.commandId !== 'poison')
      fail(`${command.commandId} to ${command.target} became a dead letter: ${error.message}`)
  for (const { address } of journal.list({ limit: all }))
    if (!truth.records.has(address)) fail(`${address} is listed, and was never committed`)
}

/** The journal can be folded again and gives the same. */
function checkFold({ journal, bindings }: ShardEvidence, { limits, fail }: Evidence): void {
  const { differences } = verifyJournal(journal, bindings, limits)
  for (const { actor, seq, what } of differences)
    fail(`folded again, ${actor} differs at entry ${seq}: ${what}`)
}
