/**
 * Who answers a command: a cluster, or the runtime that runs on the data directory, or the journal in it, read at rest.
 */
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type Command, Option } from 'commander'
import type { Clock } from '../../actors/clock.js'
import { limits } from '../../actors/limits.js'
import type { Api } from '../api/api.js'
import { NotRunningError } from '../control/connection-errors.js'
import { ControlApi } from '../control/control-api.js'
import { findControl } from '../control/places.js'
import { journalDirectory } from '../demo/demo-directory.js'
import { SystemClock } from '../system-clock.js'
import { type ClusterFlags, clusterNameOption, natsOption, serversOf } from './cluster-flags.js'

/** Flags of every command that asks a data directory, or a cluster. */
export interface SourceFlags extends ClusterFlags {
  readonly path: string
  /** A module with the definitions, for what a journal at rest does not say by itself. */
  readonly actors?: string
}

export function pathOption(): Option {
  return new Option('--path <dir>', "the runtime's data directory, or a demo's (--path)")
    .env('PERDURE_PATH')
    .default('./data')
}

export function actorsOption(): Option {
  return new Option(
    '--actors <module>',
    'definitions, JavaScript or TypeScript: for states of the past when no runtime runs',
  )
}

/** Adds the flags that say whom a command asks. */
export function asking(command: Command): Command {
  return command
    .addOption(pathOption())
    .addOption(
      natsOption('ask the cluster on these servers of NATS; a --path given counts more than NATS_URL'),
    )
    .addOption(clusterNameOption())
    .option('--json', 'for programs: JSON instead of a table')
    .hook('preAction', (_, asked) => preferPath(asked))
}

/** A directory that was named is meant, whatever servers the environment names for other programs. */
function preferPath(command: Command): void {
  const isNamed = command.getOptionValueSource('path') !== 'default'
  if (isNamed && command.getOptionValueSource('nats') === 'env')
    command.setOptionValueWithSource('nats', undefined, 'default')
}

/** Where the journal is: in the directory itself, or in a demo's. */
export function dataDirectory(path: string): string {
  const inside = journalDirectory(path)
  return resolve(existsSync(join(inside, 'journal.db')) ? inside : path)
}

/**
 * Answers with what `use` makes of the cluster, or of the runtime there, or of its journal when none runs. The signal ends
 * all waiting.
 */
export async function withApi<Result>(
  flags: SourceFlags,
  use: (api: Api) => Promise<Result>,
  signal?: AbortSignal,
): Promise<Result> {
  if (serversOf(flags) !== undefined) {
    const { withCluster } = await import('./cluster/in-cluster.js')
    return withCluster(flags, ({ api }) => use(api), signal)
  }
  const path = dataDirectory(flags.path)
  const clock = new SystemClock()
  const live = await running(path, clock)
  if (live === undefined) {
    const { withJournal } = await import('./at-rest.js')
    return withJournal(path, flags.actors, clock, use)
  }
  const close = () => live.close()
  signal?.addEventListener('abort', close, { once: true })
  try {
    return await use(live)
  } finally {
    close()
  }
}

/** Who runs there and answers, if anyone: what is left of one that was killed does not. */
async function running(path: string, clock: Clock): Promise<ControlApi | undefined> {
  if (findControl(path) === undefined) return undefined
  const live = new ControlApi({ path, clock, limits })
  try {
    await live.describe()
    return live
  } catch (error) {
    live.close()
    if (error instanceof NotRunningError) return undefined
    throw error
  }
}
