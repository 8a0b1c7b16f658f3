/** `perdure history`: what happened to an actor, entry by entry, so far and on. */
import { Command, Option } from 'commander'
import type { Address } from '../../../actors/address.js'
import type { JournalEntry } from '../../../actors/commit.js'
import { PerdureError } from '../../../actors/errors.js'
import type { Api } from '../../api/api.js'
import { address, wholeNumber } from '../arguments.js'
import { entryLine, entryLineHead } from '../entry-text.js'
import { interruptible } from '../interruption.js'
import { printJson, printLine } from '../output.js'
import { pagesOf } from '../pages.js'
import { asking, type SourceFlags, withApi } from '../source.js'
import { taught } from '../teaching.js'

interface Flags extends SourceFlags {
  readonly after: number
  readonly limit?: number
  readonly follow?: boolean
  readonly json?: boolean
}

export function historyCommand(): Command {
  const command = new Command('history')
    .summary('what happened to an actor')
    .description('Show every command an actor took and what became of it. Works on a stopped runtime too.')
    .argument('<actor>', 'TYPE/KEY, or that of a child: TYPE/KEY/CHILD', address)
    .option('--after <seq>', 'only entries after that one', wholeNumber, 0)
    .option('--limit <n>', 'at most that many', wholeNumber)
    .addOption(
      new Option('-f, --follow', 'go on with what happens from now on, until interrupted').conflicts('limit'),
    )
    .action(history)
  return taught(asking(command), [
    'history order/o-1',
    'history order/o-1 --follow',
    'history order/o-1 --json | jq .outcome',
  ])
}

async function history(actor: Address, flags: Flags): Promise<void> {
  const print = (entry: JournalEntry) => (flags.json ? printJson(entry) : printLine(entryLine(entry)))
  await interruptible(signal =>
    withApi(flags, async api => {
      let last = flags.after
      const first = await api.history({ address: actor, after: last, limit: 1 })
      if (first.length === 0 && !flags.follow) await assertBorn(api, actor)
      if (!flags.json) printLine(entryLineHead)
      const past = (limit?: number) =>
        pagesOf<JournalEntry>(entry => api.history({ address: actor, after: entry?.seq ?? last }), limit)
      for await (const entry of past(flags.limit)) {
        print(entry)
        last = entry.seq
      }
      if (!flags.follow) return
      for await (const state of api.changes({ address: actor, after: last, signal })) {
        if (state.seq <= last) continue
        for await (const entry of past()) {
          print(entry)
          last = entry.seq
        }
      }
    }),
  )
}

async function assertBorn(api: Api, actor: Address): Promise<void> {
  if ((await api.get({ address: actor })) !== undefined) return
  throw new PerdureError('NotFound', `${actor} was never started: 'perdure list' shows who there is`, {
    actorId: actor,
  })
}
