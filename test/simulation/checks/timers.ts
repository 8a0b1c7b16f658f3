/** Timers fire once and never early; what was cancelled does not; children grow step by step. */
import { type FamilyContext, GROWN } from '../machines/family.js'
import { BLINK_MS, type ReminderContext } from '../machines/reminder.js'
import { actorsOf, type Evidence, entriesOf } from './evidence.js'

export function checkReminders(evidence: Evidence): void {
  const { fail } = evidence
  for (const { id, key, context } of actorsOf<ReminderContext>(evidence, 'reminder')) {
    checkLog(id, context, fail)
    const poked = entriesOf(evidence, `counter/poked-${key}`).filter(entry => entry.outcome !== 'held')
    for (const { n, at, ms } of context.log.filter(one => one.what === 'set')) {
      const pokes = poked.filter(
        ({ command }) => command.kind === 'message' && command.event.id === `poke-${n}`,
      )
      if (pokes.length !== 1) fail(`${id}: its delayed word ${n} came ${pokes.length} times`)
      if (pokes.some(poke => poke.at < at + 2 * ms)) fail(`${id}: its delayed word ${n} came early`)
    }
  }
}

function checkLog(id: string, { log }: ReminderContext, fail: (what: string) => void): void {
  const set = new Map<number, number>()
  let blinkAt: number | undefined
  for (const { what, n, at, ms } of log) {
    if (what === 'set') set.set(n, at + ms)
    if (what === 'stop') set.delete(n)
    if (what === 'arm') blinkAt = at + BLINK_MS
    if (what === 'ring') {
      const dueAt = set.get(n)
      if (dueAt === undefined) fail(`${id}: timer ${n} rang, and was not set or rang before`)
      else if (at < dueAt) fail(`${id}: timer ${n} rang ${dueAt - at} ms early`)
      set.delete(n)
    }
    if (what !== 'blink') continue
    if (blinkAt === undefined || at < blinkAt) fail(`${id} blinked at ${at}, expected ${blinkAt}`)
    blinkAt = undefined
  }
  for (const n of set.keys()) fail(`${id}: timer ${n} never rang`)
  if (blinkAt !== undefined) fail(`${id} never blinked`)
}

export function checkFamilies(evidence: Evidence): void {
  const { fail } = evidence
  for (const { id, context } of actorsOf<FamilyContext>(evidence, 'family')) {
    const grown = new Map<string, number>()
    const dismissed = new Set<string>()
    for (const { what, id: child, n } of context.log) {
      if (what === 'adopt') grown.set(child, 0)
      if (what === 'dismiss' && grown.has(child)) dismissed.add(child)
      if (what !== 'grew') continue
      if (n !== (grown.get(child) ?? Number.NaN) + 1)
        fail(`${id}: child ${child} has grown to ${n} after ${grown.get(child)}`)
      grown.set(child, n)
    }
    for (const [child, n] of grown)
      if (n !== GROWN && !dismissed.has(child)) fail(`${id}: child ${child} has grown to ${n} only`)
  }
}
