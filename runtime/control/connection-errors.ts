/**
 * Ways in which a runtime elsewhere does not answer. All are `Unavailable` to a user; who forwards must tell
 * them apart, since only some leave it open whether the request has arrived.
 */
import { UnavailableError } from '../../actors/errors.js'

/** Nobody was there to take the request: it has certainly not arrived. */
export class NotRunningError extends UnavailableError {
  constructor(directory: string, why = 'none is running there', todo = START_ONE) {
    super(`no runtime answers on ${directory}: ${why}. ${todo}`)
  }
}

const START_ONE =
  "Start one on that directory (createRuntime with this path, or 'perdure start'), " +
  'or look whether it is the directory you mean'

/** Nobody was there to take the request, and yet somebody has the directory. */
export class NoSocketError extends NotRunningError {
  constructor(directory: string, pid: number) {
    super(
      directory,
      `process ${pid} has the directory and has opened no control socket`,
      "It is starting, or was told 'control: false': then reach it by its HTTP handler, if it serves one",
    )
  }
}

/** The runtime went away in the middle: the request may have been applied. */
export class ConnectionLostError extends UnavailableError {
  constructor(directory: string) {
    super(`the runtime on ${directory} went away before it answered; ask again, a command with the same id`)
  }
}

/** The runtime took the request and said nothing for too long: it may have been applied. */
export class SilentError extends UnavailableError {
  constructor(directory: string, replyMsMax: number) {
    super(
      `the runtime on ${directory} has not answered for ${replyMsMax} ms; ask again, a command with the same id`,
    )
  }
}
