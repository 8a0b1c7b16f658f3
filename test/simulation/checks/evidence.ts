/** What is looked at when a run has come to rest. */
import type { Address } from '../../../actors/address.js'
import type { JournalEntry } from '../../../actors/commit.js'
import type { Journal } from '../../../actors/journal.js'
import type { Limits } from '../../../actors/limits.js'
import type { EmbeddedService } from '../../../runtime/embedded/embedded-service.js'
import type { Bindings } from '../../../runtime/step/bindings.js'
import type { Given } from '../clients.js'
import type { Truth } from '../truth.js'
import type { Books } from '../world.js'

/** One shard, with what is known of it to be durable. */
export interface ShardEvidence {
  readonly journal: Journal
  readonly service: Pick<EmbeddedService, 'seeNow'>
  readonly bindings: Bindings
  readonly truth: Truth
}

export interface Evidence {
  readonly shards: readonly ShardEvidence[]
  /** The shard an actor lives in. */
  of(address: Address): ShardEvidence
  readonly limits: Limits
  readonly given: readonly Given[]
  readonly books: Books
  fail(what: string): void
}

export interface SeenActor<Context> {
  readonly id: string
  readonly key: string
  readonly context: Context
  readonly value: unknown
  readonly status: string
  readonly truth: Truth
}

/** Every root of a type, as it is now. */
export function* actorsOf<Context>({ shards }: Evidence, type: string): Generator<SeenActor<Context>> {
  for (const { journal, service, truth } of shards)
    for (const { address } of journal.list({ type, limit: Number.MAX_SAFE_INTEGER })) {
      const [, key = '', child] = address.split('/')
      const seen = service.seeNow(address)
      if (child !== undefined || seen === undefined) continue
      const { context, value, status } = seen.snapshot
      yield { id: address, key, context: context as Context, value, status, truth }
    }
}

/** An actor's history. */
export function entriesOf(evidence: Evidence, address: Address): readonly JournalEntry[] {
  return evidence.of(address).truth.entries.filter(entry => entry.address === address)
}
