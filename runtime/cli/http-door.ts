/**
 * The HTTP API of a runtime on a port of this machine, for `perdure start --http`. Open to whoever can reach
 * 127.0.0.1: a service with users of its own mounts `runtime.handler` behind its own doors.
 *
 * A web page from elsewhere reaches 127.0.0.1 too, by a request of its own or by a name that was made to point
 * here: whoever names another host, or comes from another origin, is refused.
 */
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { toErrorValue } from '../../actors/codec.js'
import { SetupError } from '../../actors/errors.js'
import type { Runtime } from '../client/types.js'
import { HttpRefusal } from '../http/refusal.js'
import { replyError } from '../http/replies.js'

const HOST = '127.0.0.1'
/** This machine, as a `Host` or an origin names it. */
const HERE: readonly string[] = ['localhost', HOST, '[::1]']

export interface HttpDoor {
  readonly url: string
  /** Lets nobody in any more; who is in is still answered. */
  retire(): void
  /** Ends what is left, once the runtime has stopped. */
  close(): Promise<void>
}

/** @throws SetupError `PortTaken` when it cannot listen there. */
export async function openHttpDoor(runtime: Runtime, port: number, withMetrics: boolean): Promise<HttpDoor> {
  const server = createServer((request, response) => {
    if (!isFromHere(request)) {
      const refusal = new HttpRefusal(403, `expected a Host and an Origin of ${HERE.join(', ')}`, {
        hosts: HERE,
      })
      return replyError(request, response, refusal, () => {})
    }
    if (!withMetrics || request.url !== '/metrics') return runtime.handler(request, response)
    runtime.metrics().then(
      text =>
        response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }).end(text),
      error =>
        response.writeHead(503, { 'content-type': 'text/plain' }).end(`${toErrorValue(error).message}\n`),
    )
  })
  server.listen(port, HOST)
  try {
    await once(server, 'listening')
  } catch (error) {
    throw new SetupError(
      'PortTaken',
      `--http: cannot listen on ${HOST}:${port} (${toErrorValue(error).code}); give another port, or 0 for a free one`,
      { port },
      error,
    )
  }
  const { port: given } = server.address() as AddressInfo
  const closed = once(server, 'close')
  return {
    url: `http://${HOST}:${given}`,
    retire: () => {
      server.close()
      server.closeIdleConnections()
    },
    close: async () => {
      server.closeAllConnections()
      await closed
    },
  }
}

function isFromHere({ headers: { host = '', origin } }: IncomingMessage): boolean {
  return isHere(`http://${host}`) && (origin === undefined || isHere(origin))
}

function isHere(origin: string): boolean {
  return URL.canParse(origin) && HERE.includes(new URL(origin).hostname)
}
