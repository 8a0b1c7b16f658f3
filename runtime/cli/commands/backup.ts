/** `perdure backup` and `perdure restore`: a copy of a journal, and a data directory made of one. */
import { resolve } from 'node:path'
import { Command } from 'commander'
import type { BackupReply } from '../../api/api.js'
import { someText } from '../arguments.js'
import { interruptible } from '../interruption.js'
import { printJson, printLine } from '../output.js'
import { asking, type SourceFlags, withApi } from '../source.js'
import { taught } from '../teaching.js'

interface Flags extends SourceFlags {
  readonly json?: boolean
}

export function backupCommand(): Command {
  const command = new Command('backup')
    .summary('copy the journal while work goes on')
    .description(
      'Copy the journal as it is at one moment into a new or empty directory, while work goes on. Works on a stopped runtime too.',
    )
    .argument('<dir>', 'where to; a path on the machine of the runtime', someText)
    .action(backup)
  return taught(asking(command), [
    'backup ./backups/monday',
    'backup /var/backups/orders-1 --path ./data --json',
  ])
}

export function restoreCommand(): Command {
  const command = new Command('restore')
    .summary('make a data directory of a backup')
    .description(
      'Make a data directory of a backup, once every commit in it is checked. It goes on from there: work that was ' +
        'owed then is done again, under the same keys. Never run it beside the original.',
    )
    .argument('<backup>', "what 'perdure backup' wrote", someText)
    .argument('<dir>', 'a new or empty directory', someText)
    .option('--json', 'for programs: JSON instead of text')
    .action(restore)
  return taught(command, [
    'restore ./backups/monday ./restored && perdure start ./orders.js --path ./restored',
  ])
}

async function backup(dir: string, flags: Flags): Promise<void> {
  const to = resolve(dir)
  const reply = await withApi(flags, api => api.backup({ to }))
  report({ ...reply, to }, flags)
}

async function restore(from: string, dir: string, flags: { readonly json?: boolean }): Promise<void> {
  const to = resolve(dir)
  const { restoreJournal } = await import('../../../journal/index.js')
  const { position, bytes } = await interruptible(signal => restoreJournal(resolve(from), to, { signal }))
  report({ to, position, bytes }, flags)
}

function report(reply: BackupReply, { json }: { readonly json?: boolean }): void {
  if (json) return printJson(reply)
  const { to, position, bytes } = reply
  printLine(`${to} holds all up to position ${position} (${bytes.toLocaleString('en')} bytes)`)
}
