/** `perdure done` and `perdure beat`: what somebody elsewhere says of an attempt, by its token. */
import { Command } from 'commander'
import { json } from '../arguments.js'
import { printJson, printLine } from '../output.js'
import { receiptText } from '../receipt-text.js'
import { asking, type SourceFlags, withApi } from '../source.js'
import { taught } from '../teaching.js'

interface Flags extends SourceFlags {
  readonly json?: boolean
}

interface CompleteFlags extends Flags {
  readonly error?: string
  readonly code?: string
  readonly retry: boolean
}

export function doneCommand(): Command {
  const command = new Command('done')
    .summary('end an activity that is worked on elsewhere')
    .description(
      'End an attempt of an activity that was left to whoever has its token, with a result or an error.',
    )
    .argument('<token>', 'as the activity was given it')
    .argument('[output]', 'its result, JSON', json)
    .option('--error <message>', 'it failed')
    .option('--code <code>', "the error's")
    .option('--no-retry', 'it is not to be tried again')
    .action(complete)
  return taught(asking(command), [
    `done <token> '{"receipt":"r-1"}'`,
    `done <token> --error declined --no-retry`,
  ])
}

export function beatCommand(): Command {
  const command = new Command('beat')
    .summary('say that work elsewhere goes on')
    .description('Say that an attempt of an activity lives, and what the next one should know of it.')
    .argument('<token>', 'as the activity was given it')
    .argument('[details]', 'JSON', json)
    .action(beat)
  return taught(asking(command), [`beat <token> '{"page":7}'`])
}

async function complete(token: string, output: unknown, flags: CompleteFlags): Promise<void> {
  const { error: message, code, retry } = flags
  const error =
    message === undefined ? {} : { error: { message, retry, ...(code === undefined ? {} : { code }) } }
  const result = output === undefined ? {} : { output }
  const receipt = await withApi(flags, api => api.complete({ token, ...result, ...error }))
  if (flags.json) printJson(receipt)
  else printLine(`the attempt is over: ${receiptText(receipt)}`)
}

async function beat(token: string, details: unknown, flags: Flags): Promise<void> {
  const receipt = await withApi(flags, api =>
    api.beat({ token, ...(details === undefined ? {} : { details }) }),
  )
  if (flags.json) printJson(receipt)
  else printLine(`the attempt lives: ${receiptText(receipt)}`)
}
