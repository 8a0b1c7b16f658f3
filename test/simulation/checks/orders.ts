/** What each client was told, against what is written. */
import type { JournalEntry } from '../../../actors/commit.js'
import { digest } from '../../../actors/digest.js'
import type { Answer, Given } from '../clients.js'
import type { Truth } from '../truth.js'
import type { Evidence } from './evidence.js'

export function checkOrders(evidence: Evidence): void {
  const applied = new Map<string, JournalEntry[]>()
  for (const entry of evidence.shards.flatMap(({ truth }) => truth.entries)) {
    if (entry.command.sender !== undefined || entry.outcome === 'held') continue
    const name = `${entry.address} ${entry.command.commandId}`
    applied.set(name, [...(applied.get(name) ?? []), entry])
  }
  for (const given of evidence.given)
    checkOrder(evidence, given, applied.get(`${given.address} ${given.order.id}`) ?? [])
  checkSequence(evidence)
  for (const { truth } of evidence.shards) checkRedriven(truth, evidence.fail)
}

/** A letter is stepped again once, however often that was asked for. */
function checkRedriven(truth: Truth, fail: Evidence['fail']): void {
  const letters = truth.entries.flatMap(entry => entry.command.redriven ?? [])
  for (const [at, letter] of letters.entries())
    if (letters.indexOf(letter) !== at) fail(`letter ${letter} was redriven twice`)
}

function checkOrder(evidence: Evidence, given: Given, entries: readonly JournalEntry[]): void {
  const { fail } = evidence
  const { order, answers, refused, abandoned } = given
  const name = `${order.id} to ${given.address}`
  const first = entries.filter(entry => entry.command.redriven === undefined)
  const whole = entries.filter(entry => entry.outcome !== 'failed')
  if (first.length > 1 || whole.length > 1) fail(`${name} was applied ${entries.length} times`)
  if (answers.length === 0 && refused === undefined && !abandoned && given.isUnheard !== true)
    fail(`${name} was never answered`)
  if (refused !== undefined) checkRefusal(evidence, given, entries)
  const [entry] = entries
  for (const answer of answers) {
    if (entry === undefined) return fail(`${name} was answered, and is not in the history`)
    if (answer.position !== entry.position)
      fail(`${name} is at position ${entry.position}, and was answered at ${answer.position}`)
    if (answer.created === false) fail(`${name} found an actor that nobody else started`)
    if (entry.outcome === 'failed') fail(`${name} failed, and was answered as if it had not`)
  }
  checkSeen(evidence, name, answers, entries)
  if (answers.filter(answer => !answer.duplicate).length > 1)
    fail(`${name} was answered twice as if for the first time`)
}

function checkRefusal({ fail }: Evidence, { order, refused }: Given, entries: readonly JournalEntry[]): void {
  const { wish, id } = order
  const event = 'event' in wish ? wish.event.type : 'start'
  const expected =
    event === 'BOOM' || event === 'KILL'
      ? 'StepFailed'
      : event === 'DANCE' && refused !== 'NotFound'
        ? 'NotHandled'
        : 'NotFound'
  if (refused !== expected || (expected === 'NotFound' && wish.to !== 'account' && wish.to !== 'job'))
    fail(`${id} (${event}) was refused with ${refused}`)
  if (expected === 'StepFailed') {
    if (entries[0]?.outcome !== 'failed') fail(`${id} failed, and the history does not say so`)
  } else if (entries.length > 0) fail(`${id} was refused with ${refused}, and was applied`)
}

/** The states that were shown are the one that the history leads to. */
function checkSeen(
  { of, fail }: Evidence,
  name: string,
  answers: readonly Answer[],
  [entry]: readonly JournalEntry[],
): void {
  const shown = answers.flatMap(answer => answer.seen ?? [])
  if (entry === undefined || shown.length === 0) return
  const { address, seq } = entry
  const then = of(address).service.seeNow(address, seq)?.snapshot
  if (then === undefined) return fail(`${name}: entry ${seq} cannot be folded`)
  const expected = digest([then.value, then.context, then.status])
  for (const seen of shown) {
    if (seen.seq !== seq) fail(`${name} became entry ${seq}, and was shown entry ${seen.seq}`)
    if (digest([seen.value, seen.context, seen.status]) !== expected)
      fail(`${name} was shown a state that the history does not lead to`)
  }
}

/** What was answered first was applied first; what one process was given first, too. */
function checkSequence({ given, of, fail }: Evidence): void {
  const byActor = new Map<string, Answer[]>()
  for (const one of given)
    for (const answer of one.answers)
      if (!answer.duplicate && answer.created !== false)
        byActor.set(one.address, [...(byActor.get(one.address) ?? []), answer])
  for (const [address, answers] of byActor) {
    const { truth } = of(address)
    for (const a of answers)
      for (const b of answers) {
        if (a.position <= b.position) continue
        const [first, second] = [truth.entries[b.position - 1]?.seq, truth.entries[a.position - 1]?.seq]
        if (a.step < b.step) fail(`${address}: entry ${second} was answered before entry ${first}`)
        if (a.process === b.process && a.sentStep < b.sentStep)
          fail(`${address}: entry ${second} was given before entry ${first}`)
      }
  }
}
