/**
 * An actor's audit trail: the events it published, made again from its entries. Published events ride in the
 * commits and are handed to whoever listens; an entry itself holds only what came in. So the trail is folded:
 * the code the actor runs is applied to its entries once more, as `verify` does, and tells what it published.
 *
 * Invariant: in order and complete from the oldest entry that is kept. What is folded with other code than
 * the actor ran is refused where it shows: `verify` says first whether the journal and the code at hand agree.
 */
import type { Address } from '../actors/address.js'
import type { PublishedEvent } from '../actors/commit.js'
import { UnavailableError } from '../actors/errors.js'
import type { Journal } from '../actors/journal.js'
import type { Limits } from '../actors/limits.js'
import { entriesOf, isBirth } from './commit/history.js'
import { replay } from './step/apply-command.js'
import type { Bindings } from './step/bindings.js'
import { type Life, revive } from './step/life.js'

/**
 * The events an actor published, each with the entry's `seq` and `position` and when it was applied, `at`;
 * nothing for an actor that was never born. Reads page by page, writes nothing.
 * @throws UnavailableError when its version is not among `bindings`, or an entry cannot be folded again.
 */
export function* auditTrail(
  address: Address,
  journal: Journal,
  bindings: Bindings,
  limits: Limits,
): Generator<PublishedEvent> {
  let life: Life | undefined
  for (const entry of entriesOf(journal, address, 0, limits)) {
    if (life === undefined && !isBirth(entry)) {
      const base = journal.recordAt(address, entry.seq - 1)
      if (base !== undefined) life = revive(base, bindings.of(base))
    }
    const application = replay(life, entry, bindings, limits)
    if (application.kind !== 'applied')
      throw new UnavailableError(
        `entry ${entry.seq} was ${entry.outcome} and is ${application.kind} now: expected the code it was applied with`,
        address,
        false,
      )
    yield* application.published
    life = application.life
  }
}
