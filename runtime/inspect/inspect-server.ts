/**
 * The inspector's own server, on this machine alone unless told otherwise: the page at `/`, Stately's inspector
 * in a frame at `/stately`, and the WebSocket that both of them and `createWebSocketReceiver` listen to.
 *
 * A web page may open a WebSocket to this machine from anywhere, so the origin it states is checked; programs
 * that are no browser state none.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, isIP } from 'node:net'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import { SetupError } from '../../actors/errors.js'
import type { Inspector } from './inspector.js'
import type { InspectOptions } from './options.js'
import { pages } from './page/pages.js'

/** Where Stately's tools look for a program to inspect. */
const PORT = 8080

export interface Inspecting {
  /** The page: `http://127.0.0.1:8080/`; or the inspector elsewhere that is reported to. */
  readonly url: string
  close(): void
}

/** @throws SetupError `PortTaken` when it cannot listen. */
export async function serveInspector(
  inspector: Inspector,
  { port = PORT, host = '127.0.0.1', origins = [] }: InspectOptions,
  messageBytesMax: number,
): Promise<Inspecting> {
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: messageBytesMax,
    perMessageDeflate: false,
  })
  const server = createServer(answer)
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    // Node hands the socket over without a listener of its own, and whoever is refused may be gone already.
    socket.on('error', () => socket.destroy())
    if (!isWelcome(request, origins)) return refuse(socket)
    sockets.handleUpgrade(request, socket, head, viewer => {
      // What goes wrong with a viewer's socket ends in its being closed.
      viewer.on('error', () => viewer.terminate())
      inspector.join(viewer)
    })
  })
  await listening(server, port, host)
  const bound = server.address() as AddressInfo
  return {
    url: `http://${bound.family === 'IPv6' ? `[${bound.address}]` : bound.address}:${bound.port}/`,
    close() {
      for (const viewer of sockets.clients) viewer.terminate()
      server.close()
      server.closeAllConnections()
    },
  }
}

function listening(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException) =>
      reject(
        new SetupError(
          'PortTaken',
          `the inspector cannot listen on ${host}:${port} (${error.code ?? error.message}): give inspect.port another, or 0`,
          { host, port },
          error,
        ),
      )
    server.once('error', failed)
    server.listen(port, host, () => {
      server.off('error', failed)
      resolve()
    })
  })
}

function answer(request: IncomingMessage, response: ServerResponse): void {
  const page = pages.get((request.url ?? '/').split('?', 1)[0]!)
  if (page === undefined || (request.method !== 'GET' && request.method !== 'HEAD')) {
    response.writeHead(404, { 'content-type': 'text/plain' }).end('there is / and /stately\n')
    return
  }
  response
    .writeHead(200, {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': page.policy,
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
    })
    .end(page.html)
}

/** A page on this machine, of Stately, of an origin that was named, or of this server where it is called by number. */
function isWelcome({ headers }: IncomingMessage, origins: readonly string[]): boolean {
  const { origin, host } = headers
  if (origin === undefined || origins.includes(origin)) return true
  if (!URL.canParse(origin)) return false
  const { protocol, hostname } = new URL(origin)
  if (['localhost', '127.0.0.1', '[::1]'].includes(hostname)) return true
  // A name could be made to point here after its page was loaded; a number could not.
  if (origin === `http://${host}` && isIP(hostname.replace(/[[\]]/g, '')) !== 0) return true
  return protocol === 'https:' && (hostname === 'stately.ai' || hostname.endsWith('.stately.ai'))
}

function refuse(socket: Duplex): void {
  socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
}
