/** That the definitions given are those the actors of a journal began on. */
import { SetupError } from '../actors/errors.js'
import type { Journal } from '../actors/journal.js'
import type { HostLogger } from './shard-host-options.js'
import type { Bindings } from './step/bindings.js'

/** Actors are pinned to versions; a version that means something else now would change lives already lived. */
export function assertFingerprints(bindings: Bindings, journal: Journal, logger: HostLogger): void {
  for (const one of bindings.all) {
    const { type, version, fingerprint, sources } = one
    const recorded = journal.fingerprint(type, version, fingerprint)
    if (recorded !== fingerprint)
      throw new SetupError(
        'InvalidDefinition',
        `${type}@${version} has another structure than the one this journal's actors started on: ` +
          `expected fingerprint ${recorded}, found ${fingerprint}. Give the changed definition a new version ` +
          `and list the old one under 'previous', so that actors in flight finish on it`,
        { type, version, expected: recorded, found: fingerprint },
      )
    if (journal.fingerprint(type, `${version} sources`, sources) !== sources)
      logger.warn(
        { type, version },
        'functions of this version are not those it was first run with; actors in flight run them as they are now',
      )
  }
}

/** In production a version must be given. @throws SetupError */
export function assertVersioned(bindings: Bindings): void {
  const nameless = bindings.all.find(one => !one.versioned)
  if (nameless === undefined) return
  throw new SetupError(
    'InvalidDefinition',
    `${nameless.type} has no version: in production defineActor needs 'version', so that actors in flight find the ` +
      'definition they began on after the next edit',
    { type: nameless.type },
  )
}
