/**
 * `perdure verify`: folds the journal of a demo again and says where it differs.
 */
import { existsSync } from 'node:fs'
import { Command } from 'commander'
import { limits } from '../../actors/limits.js'
import { openJournal } from '../../journal/index.js'
import { noServices } from '../../machines/lifecycles/order-activities.js'
import { orderActor, riskProfileActor } from '../../machines/lifecycles/order-actors.js'
import { journalDirectory } from '../demo/demo-directory.js'
import { Bindings } from '../step/bindings.js'
import { verifyJournal } from '../verify.js'

export function verifyCommand(): Command {
  return new Command('verify')
    .description('Fold the journal of a demo again, entry by entry, and compare it with what was committed.')
    .argument('<dir>', "the demo's directory (--path), or the journal's")
    .addHelpText(
      'after',
      '\nExit code: 0 when nothing differs, 1 when something does, 2 when it cannot be read.',
    )
    .action(verify)
}

async function verify(directory: string): Promise<void> {
  const inside = journalDirectory(directory)
  const journal = openJournal({ path: existsSync(inside) ? inside : directory, readOnly: true })
  try {
    const bindings = new Bindings([orderActor(noServices), riskProfileActor])
    const { actors, entries, digests, differences } = verifyJournal(journal, bindings, limits)
    for (const { actor, seq, agreedUntil, what } of differences)
      process.stdout.write(`${actor} differs at entry ${seq} (agreed until ${agreedUntil}): ${what}\n`)
    process.stdout.write(
      `${actors} actors, ${entries} entries, ${digests} digests compared: ${differences.length} differences\n`,
    )
    if (differences.length > 0) process.exitCode = 1
  } finally {
    journal.close()
  }
}
