/** `perdure stats`: who runs there, and numbers. */
import { Command } from 'commander'
import type { Description, Stats } from '../../api/api.js'
import { factsOf, printJson, printLine, tableOf } from '../output.js'
import { shownTime } from '../shown.js'
import { asking, type SourceFlags, withApi } from '../source.js'
import { taught } from '../teaching.js'

interface Flags extends SourceFlags {
  readonly json?: boolean
}

export function statsCommand(): Command {
  const command = new Command('stats')
    .summary('what runs there, and numbers')
    .description('Say what runs on a data directory and how much is in it. Works on a stopped runtime too.')
    .action(stats)
  return taught(asking(command), ['stats', 'stats --path ./data --json'])
}

async function stats(flags: Flags): Promise<void> {
  const [description, numbers] = await withApi(flags, api => Promise.all([api.describe(), api.stats()]))
  if (flags.json) return printJson({ ...description, ...numbers })
  printLine(factsOf(facts(description, numbers)))
  if (numbers.actors.length === 0) return
  printLine('')
  const { actors } = numbers
  printLine(
    tableOf(
      ['type', 'version', 'status', 'actors'],
      actors.map(({ type, version, status, count }) => [type, version, status, count]),
      [3],
    ),
  )
}

function facts(
  { mode, path, pid, startedAt, perdure }: Description,
  { position, bytes, deadLetters, live }: Stats,
) {
  return [
    ['directory', path],
    [
      'runtime',
      mode === 'live'
        ? `running, pid ${pid}, perdure ${perdure}`
        : `${unreached(pid)}; read from its journal`,
    ],
    ['since', startedAt === undefined ? undefined : shownTime(startedAt)],
    ['position', position],
    ['bytes', bytes],
    ['dead letters', deadLetters],
    ['commands waiting', live?.commandsWaiting],
    ['activities running', live?.activitiesRunning],
    ['actors in memory', live?.actorsInMemory],
  ] as const
}

/** What is known of the runtime of a directory that was read at rest. */
function unreached(pid: number | undefined): string {
  return pid === undefined ? 'none runs' : `one runs here (pid ${pid}), but has no control socket`
}
