/**
 * Ports of this machine that are free now. Below those that the kernel lends to clients: one who knocks again and
 * again at a server that is down would else, one day, be lent that very port and answer itself.
 *
 * Free now may be taken a moment later: whoever starts a server on one tries another then.
 */
import { createServer } from 'node:net'

const FIRST = 15_000
const COUNT = 17_000
/** Processes begin far from each other. */
const STRIDE = 97

let next = (process.pid * STRIDE) % COUNT

/** @throws when a whole round finds none. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < COUNT; tries++) {
    const port = FIRST + next
    next = (next + 1) % COUNT
    if (await isFree(port)) return port
  }
  throw new Error(`no port from ${FIRST} to ${FIRST + COUNT - 1} is free`)
}

function isFree(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)))
  })
}
