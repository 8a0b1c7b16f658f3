/**
 * Reports to an inspector elsewhere: a relay such as `createInspectorServer()` of `@statelyai/inspect`. The
 * connection is made again whenever it is lost; what happened meanwhile is told as the present.
 */
import { WebSocket } from 'ws'
import type { Clock } from '../../actors/clock.js'
import { toErrorValue } from '../../actors/codec.js'
import type { Limits } from '../../actors/limits.js'
import type { HostLogger } from '../shard-host-options.js'
import type { Inspecting } from './inspect-server.js'
import type { Inspector } from './inspector.js'

interface ReportSite {
  readonly clock: Clock
  readonly limits: Limits
  readonly logger: HostLogger
}

export function reportTo(
  url: string,
  inspector: Inspector,
  { clock, limits, logger }: ReportSite,
): Inspecting {
  let socket: WebSocket | undefined
  let cancel = () => {}
  let isClosed = false
  let isKnownAway = false
  const connect = () => {
    const attempt = new WebSocket(url, {
      maxPayload: limits.inspectMessageBytesMax,
      perMessageDeflate: false,
    })
    socket = attempt
    attempt.on('open', () => {
      isKnownAway = false
      inspector.join(attempt)
    })
    attempt.on('error', error => {
      if (!isKnownAway && !isClosed)
        logger.warn({ url, error: toErrorValue(error) }, 'the inspector cannot be reached; it is tried again')
      isKnownAway = true
    })
    attempt.on('close', () => {
      if (!isClosed) cancel = clock.after(limits.inspectRetryMs, connect)
    })
  }
  connect()
  return {
    url,
    close() {
      isClosed = true
      cancel()
      socket?.terminate()
    },
  }
}
