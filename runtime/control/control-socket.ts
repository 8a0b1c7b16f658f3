/**
 * The control socket: an HTTP server on a socket in the data directory, for whoever may write there and
 * nobody else.
 *
 * Owns: the socket's place, its permissions, its connections, its end. Does not own what is served. Invariants:
 * the socket is never open to other users, not even for an instant (it is made in a directory of the owner's
 * alone and then put in its place); only the holder of the directory calls this, so whatever socket stands
 * there is left from a process that is gone; a runtime that cannot listen runs on without.
 */
import { chmodSync, mkdirSync, renameSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type RequestListener, type Server } from 'node:http'
import { dirname, join } from 'node:path'
import type { Clock } from '../../actors/clock.js'
import { toErrorValue } from '../../actors/codec.js'
import type { Limits } from '../../actors/limits.js'
import type { HostLogger } from '../shard-host-options.js'
import { type ControlFiles, controlFiles, fitsSocket, makeOutpost, pipeOf } from './places.js'

export interface ControlOptions {
  /** The data directory, held by this runtime. */
  readonly directory: string
  readonly handler: RequestListener
  readonly clock: Clock
  readonly limits: Limits
  readonly logger: HostLogger
}

export interface ControlSocket {
  /** Takes no new connection, and leaves no word of itself; those who are connected are still answered. */
  retire(): void
  /** Ends every connection: those that still owe an answer after a moment. */
  close(): Promise<void>
}

/** Listens, or warns of what does not work without; never fails. */
export async function openControlSocket(options: ControlOptions): Promise<ControlSocket> {
  const { directory, logger } = options
  const files = controlFiles(directory)
  const problems: string[] = []
  for (const place of [besideJournal, inOutpost]) {
    const server = serverOf(options)
    try {
      const remove = await place(server, files, directory)
      server.on('error', error => logger.warn({ error: toErrorValue(error) }, 'the control socket failed'))
      return socketOn(server, remove, options)
    } catch (error) {
      server.close()
      problems.push(toErrorValue(error).message)
    }
  }
  logger.warn(
    { directory, problems },
    'no control socket: the command line and other processes (connect) cannot reach this runtime; all else works',
  )
  return { retire: () => {}, close: async () => {} }
}

function serverOf({ handler, limits }: ControlOptions): Server {
  // A kept connection is closed by the client, who knows when it will not need it; the server only bounds them.
  const server = createServer({ keepAliveTimeout: limits.controlIdleMsMax }, handler)
  server.maxConnections = limits.controlConnectionsMax
  return server
}

/** Answers how to take away what it left on the disk. */
type Place = (server: Server, files: ControlFiles, directory: string) => Promise<() => void>

const besideJournal: Place = async (server, { socket, nest, pointer }, directory) => {
  const pipe = pipeOf(directory)
  if (pipe !== undefined) {
    await listening(server, pipe)
    return () => {}
  }
  if (!fitsSocket(socket)) throw new Error(`${socket} is longer than the path of a socket may be`)
  rmSync(nest, { recursive: true, force: true })
  mkdirSync(nest, { mode: 0o700 })
  try {
    await settleSocket(server, join(nest, 's'), socket)
  } finally {
    rmSync(nest, { recursive: true, force: true })
  }
  rmSync(pointer, { force: true })
  return () => rmSync(socket, { force: true })
}

const inOutpost: Place = async (server, { socket, pointer }, directory) => {
  const outpost = makeOutpost(directory)
  const there = join(outpost, 'control.sock')
  await settleSocket(server, join(outpost, 's'), there)
  rmSync(socket, { force: true })
  writeFileSync(pointer, `${there}\n`, { mode: 0o600 })
  return () => {
    rmSync(pointer, { force: true })
    rmSync(there, { force: true })
    rmdirSync(dirname(there))
  }
}

/** Made where nobody else can come, then put in its place, over one that a killed process left. */
async function settleSocket(server: Server, made: string, placed: string): Promise<void> {
  rmSync(made, { force: true })
  await listening(server, made)
  chmodSync(made, 0o600)
  renameSync(made, placed)
}

function listening(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

function socketOn(
  server: Server,
  remove: () => void,
  { clock, limits, logger }: ControlOptions,
): ControlSocket {
  let closed: Promise<void> | undefined
  const retire = () => {
    closed ??= new Promise(resolve => {
      server.close(() => resolve())
      try {
        remove()
      } catch (error) {
        logger.warn({ error: toErrorValue(error) }, 'the control socket was not taken away')
      }
    })
    return closed
  }
  return {
    retire: () => void retire(),
    async close() {
      const gone = retire()
      server.closeIdleConnections()
      const cancel = clock.after(limits.controlCloseMsMax, () => server.closeAllConnections())
      await gone
      cancel()
    },
  }
}
