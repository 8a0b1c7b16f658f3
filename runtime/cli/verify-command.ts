/**
 * `perdure verify`: folds a journal again, with the code at hand, and says where it differs.
 */
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Command } from 'commander'
import { behaviour, type Definition } from '../../actors/definition.js'
import { SetupError } from '../../actors/errors.js'
import { limits } from '../../actors/limits.js'
import { openJournal } from '../../journal/index.js'
import { noServices } from '../../machines/lifecycles/order-activities.js'
import { orderActor, riskProfileActor } from '../../machines/lifecycles/order-actors.js'
import { journalDirectory } from '../demo/demo-directory.js'
import { Bindings } from '../step/bindings.js'
import { verifyJournal } from '../verify.js'

export function verifyCommand(): Command {
  return new Command('verify')
    .description('Fold a journal again, entry by entry, and compare it with what was committed.')
    .argument('<dir>', "the data directory, or a demo's (--path)")
    .option(
      '--actors <module>',
      "a JavaScript module that exports the definitions; the demo's orders when absent",
    )
    .addHelpText(
      'after',
      '\nExit code: 0 when nothing differs, 1 when something does, 2 when it cannot be read.',
    )
    .action(verify)
}

async function verify(directory: string, options: { actors?: string }): Promise<void> {
  const inside = journalDirectory(directory)
  const bindings = new Bindings(await definitions(options.actors))
  const journal = openJournal({ path: existsSync(inside) ? inside : directory, readOnly: true })
  try {
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

/** All that a module exports of what `defineActor` returned. */
async function definitions(module: string | undefined): Promise<readonly Definition[]> {
  if (module === undefined) return [orderActor(noServices), riskProfileActor]
  const exported = await load(module)
  const found = Object.values(exported).filter(isDefinition)
  if (found.length === 0)
    throw new SetupError('InvalidDefinition', `${module} exports nothing that defineActor returned`, {
      module,
    })
  return found
}

async function load(module: string): Promise<Record<string, unknown>> {
  try {
    return await import(pathToFileURL(resolve(module)).href)
  } catch (error) {
    const because = error instanceof Error ? error.message : String(error)
    throw new SetupError('InvalidDefinition', `${module} cannot be loaded: ${because}`, { module }, error)
  }
}

function isDefinition(value: unknown): value is Definition {
  return typeof value === 'object' && value !== null && behaviour in value
}
