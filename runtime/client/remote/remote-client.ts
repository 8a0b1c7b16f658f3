/**
 * A client of a runtime elsewhere, and the check that the two understand each other.
 */
import type { PerdureError } from '../../../actors/errors.js'
import { SetupError, UnavailableError, UnknownTypeError } from '../../../actors/errors.js'
import type { Description, TypeView } from '../../api/api.js'
import type { Bindings } from '../../step/bindings.js'
import { LocalClient } from '../local-client.js'
import type { Client } from '../types.js'
import type { RemoteService } from './remote-service.js'

export class RemoteClient extends LocalClient implements Client {
  readonly #service: RemoteService
  readonly #close: (error: PerdureError) => void | Promise<void>

  /** @param close ends what the service asks through. */
  constructor(service: RemoteService, close: () => void | Promise<void>) {
    super(service)
    this.#service = service
    this.#close = error => {
      this.#service.end(error)
      return close()
    }
  }

  /** Ends all that waits and follows: it is told `Unavailable`. The runtime runs on. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close(new UnavailableError('this client was closed', undefined, false))
  }
}

/**
 * That the runtime knows each type the client was given, in a version the client holds too, and means the same
 * by it. Which version an actor runs is seen only when its state is.
 * @throws UnknownTypeError; UnavailableError when no version is known to both; SetupError `InvalidDefinition` when
 * one has another structure here than there
 */
export function assertUnderstood(held: Bindings, { types, path }: Description): void {
  for (const type of held.types) {
    const there = types.find(one => one.type === type)
    if (there === undefined)
      throw new UnknownTypeError(
        type,
        types.map(one => one.type),
      )
    assertSameStructure(held, there, path)
    const versions = [there.version, ...there.previous].filter(version => version !== undefined)
    if (versions.length === 0 || versions.some(version => held.hasVersion(type, version))) continue
    const ours = held.all.filter(one => one.type === type).map(one => `${type}@${one.version}`)
    throw new UnavailableError(
      `the runtime on ${path} runs ${versions.map(version => `${type}@${version}`).join(', ')}, this client was ` +
        `given ${ours.join(', ')}: give both the same definition, or list the other's version under 'previous'`,
      undefined,
      false,
    )
  }
}

/** States of one structure are not to be read, nor their predicates judged, with another. */
function assertSameStructure(held: Bindings, { type, fingerprints }: TypeView, path: string): void {
  for (const { version, fingerprint } of held.all.filter(one => one.type === type)) {
    const there = fingerprints[version]
    if (there === undefined || there === fingerprint) continue
    throw new SetupError(
      'InvalidDefinition',
      `${type}@${version} has another structure here (fingerprint ${fingerprint}) than in the runtime on ${path} ` +
        `(${there}): give both the same definition, or the changed one another version`,
      { type, version, fingerprint, there, path },
    )
  }
}
