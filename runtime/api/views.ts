/** What actors, letters and definitions look like through `Api`. */
import type { Behaviour } from '../../actors/definition.js'
import type { KeptLetter, ListedActor } from '../../actors/journal.js'
import type { ActorSnapshot } from '../../actors/logic.js'
import type { ActorRecord } from '../../actors/record.js'
import { shownEvent } from '../../actors/shown-event.js'
import type { SeenActor } from '../client/service.js'
import type { ActorView, DeadLetterView, ListedView, QuarantineView, TypeView } from './api.js'

/** Copies nothing: who shows it on writes it down at once. */
export function actorView(id: string, seen: SeenActor): ActorView {
  const { snapshot, seq, version, at, state, quarantine } = seen
  const view = { id, ...shownState(snapshot), seq, version, at, state }
  return quarantine === undefined ? view : { ...view, quarantine }
}

/** For a view of the record; nothing while it is not quarantined. */
export function quarantineIn({ quarantine }: ActorRecord): { readonly quarantine?: QuarantineView } {
  if (quarantine === undefined) return {}
  const { reason, since, held } = quarantine
  return { quarantine: { reason, since, held: held.length } }
}

function shownState({ value, context, status, output, error, tags }: ActorSnapshot) {
  return {
    value,
    context,
    status,
    ...(output === undefined ? {} : { output }),
    ...(error === undefined ? {} : { error }),
    tags: [...tags],
  }
}

export function listedView({ address, ...rest }: ListedActor): ListedView {
  return { id: address, ...rest }
}

export function letterView({ id, command, at, position, error }: KeptLetter): DeadLetterView {
  const { target, kind } = command
  return { id, address: target, at, position, kind, event: shownEvent(command).type, command, error }
}

export function typeView(current: Behaviour): TypeView {
  const { type, version, previous, selectors, kind } = current
  return {
    type,
    version,
    previous: previous.map(one => one.version),
    fingerprints: Object.fromEntries([current, ...previous].map(one => [one.version, one.fingerprint])),
    selectors: Object.keys(selectors),
    kind,
  }
}
