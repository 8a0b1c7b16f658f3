/**
 * What a step that threw leaves behind.
 */
import type { Command } from '../../actors/command.js'
import type { DeadLetter, JournalEntry } from '../../actors/commit.js'
import type { ErrorValue } from '../../actors/errors.js'
import type { Application, StepSite } from './application.js'
import { sendResult } from './apply-effects.js'
import { parkResult } from './apply-result.js'
import { carried } from './carried-trace.js'
import { type Birth, Draft } from './draft.js'
import { type Life, revive } from './life.js'
import { remember } from './recent-commands.js'

/**
 * The step threw: the state stays, the entry says so, the command becomes a dead letter. What the command
 * was about (a result, a timer) is parked, so that redriving the letter still finds it.
 */
export function failed(
  of: Life | Birth,
  command: Command,
  at: number,
  site: StepSite,
  error: ErrorValue,
): Application {
  const deadLetter: DeadLetter = { position: site.position, at, command, error }
  if (!('record' in of)) return stillborn(of, command, deadLetter)
  // From its record: a step that threw half-way may have changed the state it was given.
  const before = revive(of.record, of.binding)
  const draft = new Draft(before, { position: site.position, at, limits: site.limits, trace: command.trace })
  park(draft, command)
  remember(draft, command, error)
  if (command.kind === 'message' && command.ask !== undefined)
    sendResult(draft, command.ask.replyTo, {
      status: 'error',
      error: { ...error, code: 'StepFailed' },
      retry: false,
    })
  const { address, seq, position } = draft
  const entry: JournalEntry = { address, seq, position, at, command, outcome: 'failed', error }
  return {
    kind: 'applied',
    life: draft.finish(),
    entry,
    sends: draft.sends,
    published: [],
    acts: [],
    leavingBytes: 0,
    released: [],
    deadLetter,
  }
}

/** A birth that failed leaves no actor, and so no entry: only the letter, and word to a parent. */
function stillborn(of: Birth, command: Command, deadLetter: DeadLetter): Application {
  const { error, position } = deadLetter
  const sends: Command[] = []
  if (of.child !== undefined)
    sends.push({
      kind: 'result',
      commandId: `${of.address}.${position}.stillborn`,
      sender: of.address,
      target: of.child.token.actor,
      ...(command.at === undefined ? {} : { at: command.at }),
      ...carried(command.trace),
      token: of.child.token,
      outcome: { status: 'error', error, retry: false },
    })
  return { kind: 'stillborn', error, deadLetter, sends }
}

function park(draft: Draft, command: Command): void {
  if (command.kind === 'timer')
    draft.timers = draft.timers.map(one =>
      one.number === command.timer ? { ...one, dueAt: Number.POSITIVE_INFINITY } : one,
    )
  if (command.kind === 'result') parkResult(draft, command.token)
}
