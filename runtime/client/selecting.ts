/** Named questions about a state, answered. */
import { toErrorValue } from '../../actors/codec.js'
import { InvalidEventError, NotBornError, StepFailedError } from '../../actors/errors.js'
import type { ActorSnapshot } from '../../actors/logic.js'
import { durableSnapshot } from './durable-snapshot.js'
import type { Recipient } from './sending.js'

/** @throws PerdureError `InvalidEvent` for a name there is no selector of, `NotFound`, `StepFailed` when it throws. */
export async function selected({ address, behaviour, service }: Recipient, name: string): Promise<unknown> {
  const { selectors, type } = behaviour
  const selector = Object.hasOwn(selectors, name) ? selectors[name] : undefined
  if (selector === undefined)
    throw new InvalidEventError(
      address,
      `a selector of ${type}: ${Object.keys(selectors).join(', ') || 'it has none'}`,
      `'${name}'`,
    )
  if (service.select !== undefined) return service.select(address, name)
  const seen = await service.see(address)
  if (seen === undefined) throw new NotBornError(address)
  try {
    return selector(durableSnapshot(seen) as unknown as ActorSnapshot, service.clock.now())
  } catch (error) {
    throw new StepFailedError(address, seen.seq, `selector '${name}': ${toErrorValue(error).message}`)
  }
}
