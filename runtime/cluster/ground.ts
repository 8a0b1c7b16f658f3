/**
 * The streams a cluster stands on, waited for: servers that have only just started, or chose a leader a moment ago, refuse
 * what they grant a second later.
 */
import type { Clock } from '../../actors/clock.js'
import { toErrorValue } from '../../actors/codec.js'
import { PerdureError, SetupError, UnavailableError } from '../../actors/errors.js'
import type { Limits } from '../../actors/limits.js'
import {
  type ClusterConnection,
  type ClusterGround,
  type ClusterShape,
  prepareStreams,
} from '../../cluster/index.js'
import { Reconnecting } from '../client/remote/reconnecting.js'

/** @throws as `prepareStreams` does; UnavailableError once that was so for `remoteAwayMsMax`. */
export function groundOf(
  connection: ClusterConnection,
  name: string | undefined,
  shape: ClusterShape,
  { clock, limits }: { readonly clock: Clock; readonly limits: Limits },
): Promise<ClusterGround> {
  return new Reconnecting(clock, limits).lasting(async () => {
    try {
      return await prepareStreams(connection, name, shape)
    } catch (error) {
      if (error instanceof PerdureError || error instanceof SetupError) throw error
      throw new UnavailableError(`the servers did not answer in time: ${toErrorValue(error).message}`)
    }
  })
}
