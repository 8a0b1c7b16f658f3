/** `perdure dead`: commands that failed for good: look at them, hand them in again, or take them away. */
import { Command } from 'commander'
import { LetterNotFoundError } from '../../../actors/errors.js'
import type { Api, DeadLetterView, ReceiptReply, RetryReply } from '../../api/api.js'
import { wholeNumber } from '../arguments.js'
import { exitCodes } from '../exit-codes.js'
import { factsOf, printJson, printLine, tableOf } from '../output.js'
import { pagesOf } from '../pages.js'
import { receiptText } from '../receipt-text.js'
import { shownTime, shownValue } from '../shown.js'
import { asking, type SourceFlags, withApi } from '../source.js'
import { taught } from '../teaching.js'

interface Flags extends SourceFlags {
  readonly json?: boolean
}

export function deadCommand(): Command {
  const command = new Command('dead')
    .summary('dead letters: list, show, retry, drop')
    .description('Dead letters: commands that failed for good, kept until someone decides.')
    .addCommand(listing())
    .addCommand(showing())
    .addCommand(
      settling(
        'retry',
        'Hand letters to their actors again. One that fails again comes back as a new letter.',
        {
          settle: (api, id) => api.retryDeadLetter({ id }),
          done: 'was handed in again',
        },
      ),
    )
    .addCommand(
      settling('drop', 'Take letters away, for good. What they were stays in the journal.', {
        settle: (api, id, reason) => api.dropDeadLetter({ id, ...(reason === undefined ? {} : { reason }) }),
        done: 'is dropped',
      }).option('--reason <text>', 'kept in the journal'),
    )
  return taught(command, ['dead list', 'dead show <id>', 'dead retry <id>'])
}

function listing(): Command {
  const command = new Command('list')
    .description('List the letters, oldest first. Works on a stopped runtime too.')
    .option('--limit <n>', 'at most that many', wholeNumber)
    .action(list)
  return taught(asking(command), ['dead list', 'dead list --json | jq -r .id | xargs perdure dead retry'])
}

async function list(flags: Flags & { readonly limit?: number }): Promise<void> {
  await withApi(flags, async api => {
    const letters = pagesOf<DeadLetterView>(
      last => api.deadLetters(last === undefined ? {} : { after: last.id }),
      flags.limit,
    )
    if (flags.json) {
      for await (const letter of letters) printJson(letter)
      return
    }
    const rows: string[][] = []
    for await (const { id, at, address, event, error } of letters)
      rows.push([id, shownTime(at), address, event, `${error.name}: ${error.message}`])
    printLine(
      rows.length === 0 ? 'no dead letters' : tableOf(['id', 'time', 'actor', 'event', 'error'], rows),
    )
  })
}

function showing(): Command {
  const command = new Command('show')
    .description('Show one letter whole. Works on a stopped runtime too.')
    .argument('<id>', 'as the list shows it')
    .action(show)
  return taught(asking(command), ['dead show <id>', 'dead show <id> --json | jq .command'])
}

async function show(id: string, flags: Flags): Promise<void> {
  const letter = await withApi(flags, api => api.deadLetter({ id }))
  if (letter === undefined) throw new LetterNotFoundError(id)
  if (flags.json) return printJson(letter)
  const { address, at, position, event, command, error } = letter
  printLine(
    factsOf([
      ['letter', id],
      ['actor', address],
      ['time', shownTime(at)],
      ['position', position],
      ['event', event],
      ['error', `${error.name}: ${error.message}`],
      ['details', error.details === undefined ? undefined : shownValue(error.details)],
      ['command', shownValue(command, 2_000)],
    ]),
  )
}

interface Settling {
  readonly done: string
  settle(api: Api, id: string, reason: string | undefined): Promise<ReceiptReply | RetryReply>
}

function settling(name: string, description: string, { settle, done }: Settling): Command {
  const command = new Command(name)
    .description(description)
    .argument('<ids...>', 'as the list shows them')
    .action(async (ids: readonly string[], flags: Flags & { readonly reason?: string }) => {
      await withApi(flags, async api => {
        for (const id of ids) {
          const receipt = await settle(api, id, flags.reason)
          const inVain = 'handled' in receipt && !receipt.handled
          if (inVain) process.exitCode = exitCodes.no
          if (flags.json) printJson({ letter: id, ...receipt })
          else
            printLine(
              `${id} ${done}${inVain ? ', and its actor does nothing on it' : ''}: ${receiptText(receipt)}`,
            )
        }
      })
    })
  return taught(asking(command), [`dead ${name} <id>`])
}
