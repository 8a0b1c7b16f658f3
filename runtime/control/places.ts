/**
 * Where the control socket of a data directory is. It stands in the directory, as `control.sock`; where that
 * cannot be (its path is longer than a socket's may be, or the file system keeps no sockets), in a directory
 * of the user's own below the temporary one, and the file `control` says where. On Windows it is a named
 * pipe, named after the directory.
 *
 * Owns: names and discovery. Does not own who listens or connects. Invariant: at most one of `control.sock`
 * and `control` is left by a runtime that started, so a reader needs no rule for choosing.
 */
import { createHash } from 'node:crypto'
import { existsSync, lstatSync, mkdirSync, readFileSync } from 'node:fs'
import { platform, tmpdir, userInfo } from 'node:os'
import { join, resolve } from 'node:path'

/** Bytes of a socket's path, on the strictest of the systems we know: macOS has 104 with the closing zero, Linux 108. */
const SOCKET_PATH_BYTES_MAX = 103

export interface ControlFiles {
  /** The socket, where it can stand in the directory. */
  readonly socket: string
  /** A directory of the owner's alone, in which a socket is made before it is put in its place. */
  readonly nest: string
  /** Says where the socket is when it cannot stand in the directory. */
  readonly pointer: string
}

export function controlFiles(directory: string): ControlFiles {
  const at = resolve(directory)
  return {
    socket: join(at, 'control.sock'),
    nest: join(at, '.control'),
    pointer: join(at, 'control'),
  }
}

/** Whether a system takes a path as a socket's; a longer one would be cut, not refused. */
export function fitsSocket(path: string): boolean {
  return Buffer.byteLength(path) <= SOCKET_PATH_BYTES_MAX
}

/** The named pipe of a directory, on a system that has them. */
export function pipeOf(directory: string): string | undefined {
  return platform() === 'win32' ? `\\\\.\\pipe\\perdure-${nameOf(directory)}` : undefined
}

/**
 * A directory for the socket outside of the data directory, made when missing.
 * @throws Error when somebody else has made it: what stood in it could be anybody's.
 */
export function makeOutpost(directory: string): string {
  const outpost = join(tmpdir(), `perdure-${nameOf(directory)}`)
  try {
    mkdirSync(outpost, { mode: 0o700 })
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'EEXIST') throw error
    const { uid, mode } = lstatSync(outpost)
    const isOurs = lstatSync(outpost).isDirectory() && uid === userInfo().uid && (mode & 0o077) === 0
    if (!isOurs)
      throw new Error(
        `${outpost}: expected a directory of this user's alone, found another's or one open to others`,
      )
  }
  return outpost
}

/** Where to connect to, or undefined when no runtime has left word of itself. It may have been killed since. */
export function findControl(directory: string): string | undefined {
  const pipe = pipeOf(directory)
  if (pipe !== undefined) return pipe
  const { socket, pointer } = controlFiles(directory)
  if (fitsSocket(socket) && existsSync(socket)) return socket
  try {
    return readFileSync(pointer, 'utf8').trim() || undefined
  } catch {
    return undefined
  }
}

function nameOf(directory: string): string {
  return createHash('sha256').update(resolve(directory)).digest('hex').slice(0, 16)
}
