/** What a feed tells, as bytes: a state, that there is no actor, that it ends, or an error. */
import type { PerdureError, SetupError } from '../../actors/errors.js'
import type { ActorStatus } from '../../actors/logic.js'
import { errorBody } from '../../actors/told-error.js'
import { packFrame, readFrame } from '../../cluster/index.js'
import type { ActorView } from '../api/api.js'
import { actorView } from '../api/views.js'
import type { StateView } from '../client/remote/remote-seen.js'
import type { SeenActor } from '../client/service.js'
import { errorIn } from '../control/wire-answer.js'

export type News =
  /** Without what is shown of it, where that was not asked for. */
  | { readonly kind: 'state'; readonly view: StateView | ActorView }
  | { readonly kind: 'nobody' }
  /** Of itself: whoever wants more asks again. */
  | { readonly kind: 'end' }
  | { readonly kind: 'error'; readonly error: PerdureError | SetupError }

/** What the list of each begins with. */
const STATE = 1
const NOBODY = 2
const END = 3
const ERROR = 4

export const NOBODY_NEWS = packFrame([NOBODY])
export const END_NEWS = packFrame([END])

export function stateNews(address: string, seen: SeenActor, isBare: boolean): Uint8Array {
  const { seq, version, at, state, snapshot } = seen
  const head: unknown[] = [STATE, address, seq, version, at, snapshot.status]
  if (!isBare) head.push({ ...actorView(address, seen), state: null })
  return packFrame(head, state)
}

export function errorNews(error: PerdureError | SetupError): Uint8Array {
  return packFrame([ERROR, errorBody(error)])
}

/** @throws Error when it is none. */
export function readNews(bytes: Uint8Array): News {
  const { head, state } = readFrame(bytes)
  const [kind, ...facts] = head as [number, ...unknown[]]
  if (kind === NOBODY) return { kind: 'nobody' }
  if (kind === END) return { kind: 'end' }
  if (kind !== STATE) return { kind: 'error', error: errorIn(facts[0]) }
  const [id, seq, version, at, status, shown] = facts as [
    string,
    number,
    string,
    number,
    ActorStatus,
    ActorView | undefined,
  ]
  return { kind: 'state', view: { ...shown, id, seq, version, at, status, state } }
}
