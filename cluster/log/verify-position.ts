/**
 * Whether a position still holds: the message a member's journal ends with must be in the log, the very same. A
 * stream that went backwards or was made anew would otherwise skip messages in silence.
 */
import type { Clock } from '../../actors/clock.js'
import { type LogMismatch, LogMismatchError } from '../../actors/errors.js'
import type { LogPosition } from '../../actors/journal.js'
import type { Limits } from '../../actors/limits.js'
import { positionOf, type StoredLogMessage } from './log-message.js'
import { type LogSite, logState, messageAt } from './stream-reads.js'

export interface VerifySite extends LogSite {
  readonly clock: Clock
  readonly limits: Limits
}

/**
 * @returns the message there.
 * @throws LogMismatchError. A missing one is looked for again for a while: a leader that has just become one may not
 * have applied all it holds.
 */
export async function verifyPosition(
  site: VerifySite,
  shard: number,
  at: LogPosition,
): Promise<StoredLogMessage> {
  const { clock, limits, ground } = site
  const expected = `message ${at.sequence} of log ${at.incarnation} with hash ${at.hash}`
  const since = clock.elapsed()
  for (;;) {
    const found = await messageAt(site, at.sequence)
    if (typeof found === 'object' && positionOf(found).hash === at.hash) return found
    const reason = await whyMissing(site, at.sequence, found)
    if (reason.kind !== 'gone backwards' || clock.elapsed() - since >= limits.clusterLagMsMax)
      throw new LogMismatchError(
        reason.kind,
        { stream: ground.names.journalStream, shard },
        expected,
        reason.found,
      )
    await new Promise<void>(resolve => clock.after(limits.clusterRetryMs, resolve))
  }
}

/** Why a message that was there is not what is found there. */
export async function whyMissing(
  site: LogSite,
  sequence: number,
  there: StoredLogMessage | 'foreign' | undefined,
): Promise<{ readonly kind: LogMismatch; readonly found: string }> {
  const state = await logState(site)
  if (state === undefined) return { kind: 'another stream', found: 'no stream' }
  if (state.created !== site.ground.journalCreated)
    return { kind: 'another stream', found: `a stream made at ${state.created}` }
  if (there === 'foreign') return { kind: 'another stream', found: 'a message that is no commit' }
  if (there !== undefined)
    return {
      kind: 'another stream',
      found: `one of shard ${there.shard} with hash ${positionOf(there).hash}`,
    }
  if (state.last < sequence) return { kind: 'gone backwards', found: `its end at ${state.last}` }
  return { kind: 'purged', found: `messages ${state.first} to ${state.last} without it` }
}
