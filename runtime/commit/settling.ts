/** Rows made of segments while nothing else is to be done. */
import { toErrorValue } from '../../actors/codec.js'
import { isJournalFull } from '../../actors/errors.js'
import type { ShardHostOptions } from '../shard-host-options.js'

/** Rows may lag behind for as long as there is no room for them: all they say is in the segments. */
export function settleRows({ journal, logger }: Pick<ShardHostOptions, 'journal' | 'logger'>): void {
  try {
    journal.settle()
  } catch (error) {
    if (!isJournalFull(error)) throw error
    logger.warn({ error: toErrorValue(error) }, 'no room to settle the journal')
  }
}
