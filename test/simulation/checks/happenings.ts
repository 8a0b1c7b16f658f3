/** What happened in a run, by name: a simulation in which something never happens does not test it. */

import type { Kind } from '../kinds.js'
import type { JobContext } from '../machines/job.js'
import type { ShardEvidence } from './evidence.js'

/** What must happen now and then, wherever it is simulated. */
const EVERYWHERE = [
  'death after an attempt began',
  'death between two tasks',
  'death of a command',
  'answered',
  'answered again',
  'start applied',
  'message applied',
  'message failed',
  'message unhandled',
  'timer applied',
  'result done',
  'result error',
  'order spawn',
  'order stop',
  'order attempt',
  'order recover',
  'transfer settled',
  'transfer refused',
  'transfer undone',
  'job finished',
  'job cancelled',
  'page printed',
  'page OutcomeUnknown',
  'letter redriven for nothing',
  'letter redriven in vain',
  'letter dropped',
  'letter gone',
  'order quarantine',
  'order release',
  'result held',
  'message held',
  'order handOff',
  'order beat',
  'elsewhere beat',
  'elsewhere beat for nothing',
  'elsewhere done',
  'elsewhere done for nothing',
] as const

export const EXPECTED: Readonly<Record<Kind, readonly string[]>> = {
  embedded: [
    ...EVERYWHERE,
    'death before a commit was written',
    'death inside a commit',
    'death after a commit, before anybody heard',
    'death after a commit was let out',
    'death before settling',
    'death inside settling',
    'death after settling',
    'death the journal failed',
    'stop',
  ],
  cluster: [
    ...EVERYWHERE,
    'death before a commit was in the log',
    'death with a commit in the log, before anybody heard',
    'death with a commit in the log, before its copy had it',
    'taken over',
    'taken on',
    'taken on, out of order',
    'left in order',
    'left out of order',
    'a member left',
    'a lease ran out',
    'a shard was lost',
    'order away',
    'order gone',
  ],
}

export function* happenings({ truth, service }: ShardEvidence): Generator<string> {
  for (const { command, outcome } of truth.entries) {
    if (command.kind === 'operator') yield `order ${command.order.type}`
    else if (command.kind === 'result')
      yield `result ${outcome === 'held' ? outcome : command.outcome.status}`
    else yield `${command.kind} ${outcome}`
  }
  for (const { address } of truth.records.values()) {
    const [type, , child] = address.split('/')
    const seen = service.seeNow(address)?.snapshot
    if (child !== undefined || seen === undefined) continue
    if (type === 'transfer' || type === 'job') yield `${type} ${String(seen.value)}`
    if (type !== 'job') continue
    const { page } = seen.context as JobContext
    if (page !== '') yield `page ${page.startsWith('page ') ? 'printed' : page}`
  }
}
