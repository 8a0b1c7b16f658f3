/** What a state is waited for with, as text: `a.b`, `#tag`, `done`. */
import { InvalidEventError } from '../../actors/errors.js'
import type { ActorSnapshot } from '../../actors/logic.js'
import { statePaths } from '../../journal/index.js'

/** @throws InvalidEventError for what can fit no state. */
export function fitsUntil(actor: string, until: string): (snapshot: ActorSnapshot) => boolean {
  if (typeof until !== 'string' || until === '' || until === '#')
    throw new InvalidEventError(actor, "'until' as a state's path 'a.b', '#tag' or 'done'", `'${until}'`)
  if (until.startsWith('#')) return ({ tags }) => tags.has(until.slice(1))
  return ({ value, status }) => (until === 'done' && status !== 'active') || statePaths(value).includes(until)
}
