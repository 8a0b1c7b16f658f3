/**
 * Starts a gateway in a process of its own.
 */
import { UnavailableError } from '../../../actors/errors.js'
import { Child } from '../child.js'
import { deferred } from '../deferred.js'
import { answerMsMax, faultsWith, type GatewayFaults, noFaults } from './faults.js'

export interface RunningGateway {
  readonly port: number
  /** How long whoever asks should wait for an answer, milliseconds. */
  readonly answerMsMax: number
  /** Makes it behave otherwise from now on; knobs left out stay as they are. */
  misbehave(faults: Partial<GatewayFaults>): Promise<void>
  stop(): Promise<void>
}

export interface GatewayOptions {
  readonly ledger: string
  readonly log: string
  readonly faults?: Partial<GatewayFaults>
}

/** @throws SetupError for faults that cannot be, UnavailableError when it does not start. */
export async function startGateway({ ledger, log, faults = {} }: GatewayOptions): Promise<RunningGateway> {
  const behaviour = faultsWith(noFaults, faults)
  const written = Object.entries(behaviour).map(pair => pair.join('='))
  const listening = deferred<number>()
  const child = await Child.start<{ port: number }, never>(
    new URL('./gateway-process.js', import.meta.url),
    [ledger, written.join()],
    log,
    message => listening.resolve(message.port),
  )
  child.ended
    .then(({ code, signal }) =>
      listening.reject(new UnavailableError(`the gateway ended (${signal ?? `code ${code}`}): see ${log}`)),
    )
    .catch(listening.reject)
  const port = await listening.promise
  return {
    port,
    answerMsMax: answerMsMax(behaviour),
    async misbehave(changed) {
      const response = await fetch(`http://127.0.0.1:${port}/faults`, {
        method: 'POST',
        body: JSON.stringify(changed),
      })
      if (!response.ok) throw new UnavailableError(`gateway: POST /faults: ${await response.text()}`)
    },
    async stop() {
      child.kill()
      await child.ended
    },
  }
}
