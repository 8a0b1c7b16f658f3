/**
 * An actor at rest as data: from its record and the journal's index on it, with its definition or without.
 */
import { type Address, idOf } from '../../actors/address.js'
import { LaterEntryError, UnavailableError } from '../../actors/errors.js'
import type { Journal, ListedActor } from '../../actors/journal.js'
import type { Limits } from '../../actors/limits.js'
import type { ActorRecord } from '../../actors/record.js'
import { readableState } from '../../machines/index.js'
import { foldOnto, lifeAt } from '../commit/history.js'
import type { Bindings } from '../step/bindings.js'
import { type Life, revive, snapshotOf } from '../step/life.js'
import type { ActorView } from './api.js'
import { actorView, quarantineIn } from './views.js'

export interface AtRest {
  readonly journal: Journal
  readonly limits: Limits
  readonly bindings: Bindings | undefined
}

/**
 * The actor now, or after entry `atSeq`; undefined when it was not born then.
 * @throws LaterEntryError; UnavailableError when that takes folding, and no definitions are at hand.
 */
export function offlineView(
  address: Address,
  atSeq: number | undefined,
  site: AtRest,
): ActorView | undefined {
  const { journal, limits, bindings } = site
  const stored = journal.read(address)
  if (stored === undefined) return undefined
  const { record, stale } = stored
  const last = stale?.seq ?? record.seq
  const seq = atSeq ?? last
  if (seq > last) throw new LaterEntryError(address, seq, last)
  if (seq === last && stale === undefined) return plainView(record, indexOf(journal, address))
  if (bindings === undefined) return keptView(address, seq, stale?.reason, journal)
  const life =
    seq === last
      ? foldOnto(revive(record, bindings.of(record)), seq, journal, bindings, limits)
      : lifeAt(address, seq, journal, bindings, limits)
  return life && viewOf(life)
}

/** Without definitions: a state of the past is there only where one was kept. */
function keptView(
  address: Address,
  seq: number,
  damage: string | undefined,
  journal: Journal,
): ActorView | undefined {
  const kept = journal.recordAt(address, seq)
  if (kept?.seq === seq) return plainView(kept, undefined)
  if (seq < 1) return undefined
  const why = damage === undefined ? '' : ` (its record is damaged: ${damage})`
  throw new UnavailableError(
    `its state after entry ${seq} has to be folded from its history${why}, which takes the definition of ` +
      `'${idOf(address).type}': give the module with --actors, or ask a running runtime`,
    address,
    false,
  )
}

function plainView(record: ActorRecord, index: ListedActor | undefined): ActorView {
  const { address, status, seq, version, at, state } = record
  return {
    id: address,
    ...readableState(state, index?.value),
    status,
    tags: index?.tags ?? [],
    seq,
    version,
    at,
    state,
    ...quarantineIn(record),
  }
}

function viewOf(life: Life): ActorView {
  const { address, seq, version, at, state } = life.record
  const seen = { snapshot: snapshotOf(life), seq, version, at, state, ...quarantineIn(life.record) }
  return actorView(address, seen)
}

/** The journal's index on one actor: what only its definition could tell from its state. */
function indexOf(journal: Journal, address: Address): ListedActor | undefined {
  const [found] = journal.list({ after: justBefore(address), limit: 1 })
  return found?.address === address ? found : undefined
}

/** No address lies between what this answers and the one given: addresses are ASCII. */
function justBefore(address: Address): string {
  const last = address.length - 1
  return `${address.slice(0, last)}${String.fromCharCode(address.charCodeAt(last) - 1)}\uffff`
}
