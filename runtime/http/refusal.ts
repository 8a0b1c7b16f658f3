/** Requests that the door itself turns away, with the status that says why. */
import { PerdureError } from '../../actors/errors.js'

export class HttpRefusal extends PerdureError {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>

  constructor(
    status: number,
    message: string,
    details: Readonly<Record<string, unknown>>,
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(status === 404 ? 'NotFound' : 'InvalidEvent', message, { details })
    this.status = status
    this.headers = headers
  }
}

/** A parameter, header or body that cannot be meant. */
export function badRequest(what: string, expected: string, found: string): HttpRefusal {
  return new HttpRefusal(400, `bad ${what}: expected ${expected}, found ${found}`, { what, expected, found })
}
