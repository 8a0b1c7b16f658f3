/** All that lives in a simulation. */
import { accountDefinition } from './machines/account.js'
import { counterDefinition } from './machines/counter.js'
import { familyDefinition } from './machines/family.js'
import { jobDefinition } from './machines/job.js'
import { reminderDefinition } from './machines/reminder.js'
import { transferDefinition } from './machines/transfer.js'
import type { World } from './world.js'

export type Definitions = ReturnType<typeof definitionsFor>

export function definitionsFor(world: World, snapshotEvery: number) {
  const account = accountDefinition(snapshotEvery)
  return {
    counter: counterDefinition(world, snapshotEvery),
    account,
    transfer: transferDefinition(world, account),
    reminder: reminderDefinition(snapshotEvery),
    family: familyDefinition(snapshotEvery),
    job: jobDefinition(world, snapshotEvery),
  }
}
