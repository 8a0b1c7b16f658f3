/** `perdure get`: an actor's state, now or after an earlier entry. */
import { Command } from 'commander'
import type { Address } from '../../../actors/address.js'
import { PerdureError } from '../../../actors/errors.js'
import { address, wholeNumber } from '../arguments.js'
import { printLine, printView } from '../output.js'
import { actorsOption, asking, type SourceFlags, withApi } from '../source.js'
import { taught } from '../teaching.js'
import { viewText } from '../view-text.js'

interface Flags extends SourceFlags {
  readonly at?: number
  readonly json?: boolean
}

export function getCommand(): Command {
  const command = new Command('get')
    .summary("an actor's state, now or after an entry")
    .description('Show the state of an actor, without waking it. Works on a stopped runtime too.')
    .argument('<actor>', 'TYPE/KEY, or that of a child: TYPE/KEY/CHILD', address)
    .option('--at <seq>', 'as it was after that entry of its history', wholeNumber)
    .addOption(actorsOption())
    .action(get)
  return taught(asking(command), ['get order/o-1', 'get order/o-1 --at 3 --json'])
}

async function get(actor: Address, flags: Flags): Promise<void> {
  const { at } = flags
  const view = await withApi(flags, api =>
    api.get({ address: actor, ...(at === undefined ? {} : { atSeq: at }) }),
  )
  if (view === undefined) {
    const when = at === undefined ? 'was never started' : `has no entry ${at} that is kept`
    throw new PerdureError('NotFound', `${actor} ${when}: 'perdure list' shows who there is`, {
      actorId: actor,
    })
  }
  if (flags.json) printView(view)
  else printLine(viewText(view))
}
