/**
 * Headers of a message as they go over the wire, for messages that are written all the time: the client's own keep lists
 * of values by name, and go through them for each that is set.
 *
 * Not for reading. Invariant: what it is given is printable ASCII without a line break; who gives it sees to that.
 */
import { MsgHdrsImpl } from '@nats-io/transport-node'

export class WrittenHeaders extends MsgHdrsImpl {
  readonly #bytes: Uint8Array

  constructor(fields: readonly (readonly [name: string, value: string])[]) {
    super()
    let text = 'NATS/1.0\r\n'
    for (const [name, value] of fields) text += `${name}: ${value}\r\n`
    this.#bytes = Buffer.from(`${text}\r\n`, 'latin1')
  }

  override encode(): Uint8Array {
    return this.#bytes
  }
}
