/** `perdure list`: actors by type and state, or how many. */
import { Command, Option } from 'commander'
import type { ActorStatus } from '../../../actors/logic.js'
import type { Api, ListedView, ListRequest } from '../../api/api.js'
import { duration, wholeNumber } from '../arguments.js'
import { printJson, printLine, tableOf } from '../output.js'
import { pagesOf } from '../pages.js'
import { shownState, shownTime } from '../shown.js'
import { asking, type SourceFlags, withApi } from '../source.js'
import { taught } from '../teaching.js'

/** Rows a person is shown unless --limit says otherwise. */
const rowsUnlessSaid = 100

interface Flags extends SourceFlags {
  readonly in?: string
  readonly tag?: string
  readonly status?: ActorStatus
  readonly version?: string
  readonly quarantined?: boolean
  readonly idle?: number
  readonly limit?: number
  readonly count?: boolean
  readonly json?: boolean
}

export function listCommand(): Command {
  const command = new Command('list')
    .summary('actors by type and state, or how many')
    .description('List actors, in order of their ids, without waking them. Works on a stopped runtime too.')
    .argument('[type]', 'of that type only')
    .option('--in <state>', "in that state or below it: 'a.b'")
    .option('--tag <tag>', 'whose state has that tag')
    .addOption(
      new Option('--status <status>', 'of that status').choices(['active', 'done', 'error', 'stopped']),
    )
    .option('--version <version>', 'pinned to that version of their definition')
    .option('--quarantined', 'that rest by an order of quarantine')
    .option('--idle <time>', 'without an entry for at least that long: 10s, 5m, 1h, 2d', duration)
    .option('--limit <n>', `at most that many (${rowsUnlessSaid}; with --json all)`, wholeNumber)
    .option('--count', 'only say how many')
    .action(list)
  return taught(asking(command), [
    'list order --in approval --idle 1h',
    'list order --status error --count',
    'list --json | jq -r .id',
  ])
}

async function list(type: string | undefined, flags: Flags): Promise<void> {
  const asked = askedFor(type, flags)
  await withApi(flags, async api => {
    if (flags.count) return printCount(await api.count(asked), flags)
    if (flags.json) {
      for await (const one of pagesOf<ListedView>(after => pageOf(api, asked, after?.id), flags.limit))
        printJson(one)
      return
    }
    await printTable(api, asked, flags.limit ?? rowsUnlessSaid)
  })
}

function askedFor(type: string | undefined, flags: Flags): Omit<ListRequest, 'after' | 'limit'> {
  const { in: state, tag, status, version, quarantined, idle } = flags
  return {
    ...(type === undefined ? {} : { type }),
    ...(state === undefined ? {} : { state }),
    ...(tag === undefined ? {} : { tag }),
    ...(status === undefined ? {} : { status }),
    ...(version === undefined ? {} : { version }),
    ...(quarantined === undefined ? {} : { quarantined }),
    ...(idle === undefined ? {} : { idleMs: idle }),
  }
}

function pageOf(api: Api, asked: ListRequest, after: string | undefined) {
  return api.list({ ...asked, ...(after === undefined ? {} : { after }) })
}

function printCount(count: number, { json }: Flags): void {
  if (json) printJson({ count })
  else printLine(String(count))
}

async function printTable(api: Api, asked: ListRequest, limit: number): Promise<void> {
  const rows: ListedView[] = []
  for await (const one of pagesOf<ListedView>(after => pageOf(api, asked, after?.id), limit + 1))
    rows.push(one)
  if (rows.length === 0) return printLine('no actors')
  const shown = rows.slice(0, limit)
  printLine(
    tableOf(
      ['actor', 'state', 'status', 'tags', 'version', 'entries', 'last'],
      shown.map(one => [
        one.id,
        shownState(one.value),
        one.quarantined === true ? `${one.status}, quarantined` : one.status,
        one.tags.join(' '),
        one.version,
        one.seq,
        shownTime(one.at),
      ]),
      [5],
    ),
  )
  if (rows.length > limit)
    process.stderr.write(
      `perdure: ${limit} are shown and there are more: --limit says how many, --count counts\n`,
    )
}
