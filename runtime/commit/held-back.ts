/**
 * What a quarantined actor refuses and nobody waits for is held back in its record. Whoever waits is told; what there is
 * no room for is refused like any command that is one too many, and ends as a dead letter.
 */
import type { Command } from '../../actors/command.js'
import { type PerdureError, QuarantinedError } from '../../actors/errors.js'
import type { Application, StepSite } from '../step/application.js'
import { holdCommand } from '../step/apply-command.js'
import type { Life } from '../step/life.js'
import { isToHold } from '../step/quarantine.js'

interface Place {
  /** Whether somebody waits for what comes of the command. */
  readonly isHeard: boolean
  before(): Life | undefined
  site(): StepSite
}

/** The entry that holds a command, in place of its refusal; anything else as it is. */
export function heldBack(application: Application, command: Command, place: Place): Application {
  if (application.kind !== 'refused' || !(application.error instanceof QuarantinedError)) return application
  const before = place.before()
  const site = place.site()
  if (before === undefined || !isToHold(before, command, place.isHeard, site.limits)) return application
  try {
    return holdCommand(before, command, site)
  } catch {
    // The record has no room for it.
    return application
  }
}

/** A question to a quarantined actor: its asker is told and goes on, so that no letter need hold it. */
export function isToldAtRest(command: Command, error: PerdureError): boolean {
  return error instanceof QuarantinedError && command.kind === 'message' && command.ask !== undefined
}
