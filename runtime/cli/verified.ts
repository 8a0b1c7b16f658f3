/** A journal folded again with the definitions of a module, or the demo's. */
import type { Definition } from '../../actors/definition.js'
import { SetupError } from '../../actors/errors.js'
import type { Journal } from '../../actors/journal.js'
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
    if (module === undefined) assertOfDemo(path, journal, bindings)
    return verifyJournal(journal, bindings, limitsWith(module === undefined ? demoLimits : {}))
  } finally {
    journal.close()
  }
}

/** Folded with definitions of the same name that are others, every actor would differ. */
function assertOfDemo(path: string, journal: Journal, bindings: Bindings): void {
  const isKnown = (type: string) => bindings.all.some(one => one.type === type)
  const isOurs =
    journal.counts().every(({ type }) => isKnown(type)) &&
    bindings.all.every(one => journal.fingerprint(one.type, one.version, one.fingerprint) === one.fingerprint)
  if (isOurs) return
  throw new SetupError(
    'InvalidDefinition',
    `the journal in ${path} is not a demo's: expected --actors with a module that exports its definitions`,
    { path },
  )
}

async function definitions(module: string | undefined): Promise<readonly Definition[]> {
  return module === undefined ? [orderV2(noServices), riskProfileActor] : definitionsOf(module)
}
