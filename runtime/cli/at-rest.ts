/**
 * A journal that no runtime answers for, opened to be read. Loaded only where that is asked: a command that
 * meets a runtime is quicker without.
 */
import type { Clock } from '../../actors/clock.js'
import { SetupError } from '../../actors/errors.js'
import { limits } from '../../actors/limits.js'
import { openJournal } from '../../journal/index.js'
import type { Api } from '../api/api.js'
import { OfflineApi } from '../api/offline-api.js'
import { livingHolder } from '../control/holder.js'
import { packageVersion } from '../package-version.js'
import { Bindings } from '../step/bindings.js'
import { definitionsOf } from './definitions.js'

/** Answers with what `use` makes of a journal, with the definitions of a module at hand if one is named. */
export async function withJournal<Result>(
  path: string,
  actors: string | undefined,
  clock: Clock,
  use: (api: Api) => Promise<Result>,
): Promise<Result> {
  const bindings = actors === undefined ? undefined : new Bindings(await definitionsOf(actors))
  const journal = openAtRest(path)
  try {
    const perdure = packageVersion()
    const holderPid = livingHolder(path)?.pid
    return await use(new OfflineApi({ journal, path, clock, limits, perdure, bindings, holderPid }))
  } finally {
    journal.close()
  }
}

/** A journal to be read, beside a runtime or without one. @throws SetupError */
export function openAtRest(path: string) {
  try {
    return openJournal({ path, readOnly: true })
  } catch (error) {
    if (!(error instanceof SetupError) || error.code !== 'JournalMissing') throw error
    throw new SetupError(
      'JournalMissing',
      `${error.message}: name the data directory with --path or PERDURE_PATH, or make one with 'perdure start <module> --path ${path}'`,
      error.details,
    )
  }
}
