/** `perdure watch`: the states of some actors as they come. */
import { Command } from 'commander'
import type { Address } from '../../../actors/address.js'
import type { ActorView, Api } from '../../api/api.js'
import { address, each } from '../arguments.js'
import { interruptible } from '../interruption.js'
import { printLine, printView } from '../output.js'
import { shownState, shownTime } from '../shown.js'
import { asking, type SourceFlags, withApi } from '../source.js'
import { taught } from '../teaching.js'

interface Flags extends SourceFlags {
  readonly json?: boolean
}

export function watchCommand(): Command {
  const command = new Command('watch')
    .summary('the states of actors as they come')
    .description(
      'Show the state of actors now and each that follows, none left out, until interrupted. Takes a running runtime.',
    )
    .argument('<actors...>', 'TYPE/KEY', each(address))
    .action(watch)
  return taught(asking(command), ['watch order/o-1 order/o-2', 'watch order/o-1 --json | jq -c .value'])
}

async function watch(actors: readonly Address[], flags: Flags): Promise<void> {
  await interruptible(signal =>
    withApi(flags, async api => {
      await Promise.all(actors.map(actor => follow(api, actor, signal, flags.json ? printView : printState)))
    }),
  )
}

async function follow(
  api: Api,
  actor: Address,
  signal: AbortSignal,
  print: (view: ActorView) => void,
): Promise<void> {
  const now = await api.get({ address: actor })
  if (now !== undefined) print(now)
  for await (const view of api.changes({ address: actor, after: now?.seq ?? 0, signal })) print(view)
}

function printState({ id, seq, value, status, at }: ActorView): void {
  const end = status === 'active' ? '' : `  (${status})`
  printLine(`${shownTime(at)}  ${id}  ${seq}  ${shownState(value)}${end}`)
}
