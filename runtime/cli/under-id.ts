/**
 * A command under an id of its own, minted here when the person named none: where its runtime goes away before
 * it answers, only whoever knows the id can ask again without applying it twice.
 */
import { PerdureError } from '../../actors/errors.js'
import { mintCommandId } from '../command-id.js'
import { ConnectionLostError, SilentError } from '../control/connection-errors.js'

/** @throws PerdureError that names the id, where the command may have been applied. */
export async function underId<Result>(
  given: string | undefined,
  work: (id: string) => Promise<Result>,
): Promise<Result> {
  const id = given ?? mintCommandId()
  try {
    return await work(id)
  } catch (error) {
    if (!isOpen(error) || error.message.includes(id)) throw error
    const { code, retryable, actorId, details, message } = error
    throw new PerdureError(code, `${message}: --id ${id}`, {
      retryable,
      ...(actorId === undefined ? {} : { actorId }),
      details: { ...details, commandId: id },
    })
  }
}

function isOpen(error: unknown): error is PerdureError {
  if (error instanceof ConnectionLostError || error instanceof SilentError) return true
  return error instanceof PerdureError && error.code === 'Timeout'
}
