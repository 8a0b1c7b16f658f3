/** What is looked at when a run has come to rest. */
import type { Limits } from '../../../actors/limits.js'
import type { EmbeddedRuntime } from '../../../runtime/embedded/embedded-runtime.js'
import type { Given } from '../clients.js'
import type { Truth } from '../truth.js'
import type { World } from '../world.js'

export interface Evidence {
  readonly runtime: EmbeddedRuntime
  readonly limits: Limits
  readonly truth: Truth
  readonly given: readonly Given[]
  readonly world: World
  fail(what: string): void
}

/** Every root of a type, as it is now. */
export function* actorsOf<Context>(
  { runtime }: Evidence,
  type: string,
): Generator<{ id: string; key: string; context: Context; value: unknown; status: string }> {
  for (const { address } of runtime.shard.journal.list({ type, limit: Number.MAX_SAFE_INTEGER })) {
    const [, key = '', child] = address.split('/')
    const seen = runtime.service.seeNow(address)
    if (child !== undefined || seen === undefined) continue
    const { context, value, status } = seen.snapshot
    yield { id: address, key, context: context as Context, value, status }
  }
}
