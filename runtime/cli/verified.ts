/** A journal folded again with the definitions of a module, or the demo's. */
import type { Definition } from '../../actors/definition.js'
import { limitsWith } from '../../actors/limits.js'
import { noServices } from '../../machines/lifecycles/order-activities.js'
import { orderV2, riskProfileActor } from '../../machines/lifecycles/order-actors.js'
import { demoLimits } from '../demo/demo-limits.js'
import { Bindings } from '../step/bindings.js'
import { type VerifyReport, verifyJournal } from '../verify.js'
import { openAtRest } from './at-rest.js'
import { definitionsOf } from './definitions.js'

/** @throws SetupError for a module or a journal that cannot be read. */
export async function verified(path: string, module: string | undefined): Promise<VerifyReport> {
  const bindings = new Bindings(await definitions(module))
  const journal = openAtRest(path)
  try {
    return verifyJournal(journal, bindings, limitsWith(module === undefined ? demoLimits : {}))
  } finally {
    journal.close()
  }
}

async function definitions(module: string | undefined): Promise<readonly Definition[]> {
  return module === undefined ? [orderV2(noServices), riskProfileActor] : definitionsOf(module)
}
