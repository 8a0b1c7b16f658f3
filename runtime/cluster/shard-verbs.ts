/**
 * What the owner of a shard is asked, beside the commands in its inbox: everything that reads, and the orders about
 * dead letters. Requests and answers are encoded as they are; an error is told as one.
 *
 * Streams are asked for page by page, each page answered once there is something to show: so whoever follows an
 * actor asks the next owner when this one is gone, and falls behind at nobody's cost.
 */
import type { Address } from '../../actors/address.js'
import type { Clock } from '../../actors/clock.js'
import { decode, encode, toErrorValue } from '../../actors/codec.js'
import { PerdureError, UnavailableError } from '../../actors/errors.js'
import type { Told } from '../../actors/told-error.js'
import type { ActorView, Api } from '../api/api.js'
import { asTold, errorBody } from '../http/replies.js'
import type { HostLogger } from '../shard-host-options.js'

/** The verbs of `Api` that one shard answers for itself, and that change nothing and wait for nothing. */
export const READ_VERBS = [
  'describe',
  'stats',
  'select',
  'get',
  'history',
  'published',
  'list',
  'count',
  'deadLetters',
  'deadLetter',
] as const satisfies readonly (keyof Api)[]

const SHARD_VERBS = [
  ...READ_VERBS,
  'retryDeadLetter',
  'dropDeadLetter',
] as const satisfies readonly (keyof Api)[]

type ShardVerb = (typeof SHARD_VERBS)[number]

export interface ChangesPageRequest {
  readonly address: Address
  readonly after: number
  /** How long to wait for the first. */
  readonly waitMs: number
  readonly limit: number
}

/** The states after one, oldest first; none when none came in time. */
export type ChangesPage = readonly ActorView[]

export class ShardVerbs {
  readonly #api: Api
  readonly #site: { readonly clock: Clock; readonly logger: HostLogger }

  constructor(api: Api, site: { readonly clock: Clock; readonly logger: HostLogger }) {
    this.#api = api
    this.#site = site
  }

  /** Never rejects. */
  async answer(verb: string, body: Uint8Array): Promise<Uint8Array> {
    try {
      return encode({ ok: true, result: await this.#result(verb, decode(body)) })
    } catch (error) {
      return encode(errorBody(this.#told(error)))
    }
  }

  #result(verb: string, request: unknown): Promise<unknown> {
    if (verb === 'changes') return this.#changes(request as ChangesPageRequest)
    if (!isShardVerb(verb))
      throw new PerdureError(
        'InvalidEvent',
        `no verb '${verb}': expected one of ${SHARD_VERBS.join(', ')}, changes`,
      )
    const call = this.#api[verb] as (request: unknown) => Promise<unknown>
    return call.call(this.#api, request)
  }

  async #changes({ address, after, waitMs, limit }: ChangesPageRequest): Promise<ChangesPage> {
    const page: ActorView[] = []
    const patience = new AbortController()
    const cancel = this.#site.clock.after(waitMs, () => patience.abort())
    try {
      // What is there already comes without a wait between; once the next one is not, the page goes.
      for await (const view of this.#api.changes({ address, after, signal: patience.signal })) {
        page.push(view)
        if (page.length >= limit) break
        const newest = await this.#api.get({ address })
        if (newest === undefined || newest.seq <= view.seq) break
      }
    } finally {
      cancel()
    }
    return page
  }

  #told(thrown: unknown): Told {
    const told = asTold(thrown)
    if (told !== undefined) return told
    this.#site.logger.error({ error: toErrorValue(thrown) }, 'a request of another member failed')
    return new UnavailableError('the request failed for a reason that was logged', undefined, false)
  }
}

function isShardVerb(verb: string): verb is ShardVerb {
  return (SHARD_VERBS as readonly string[]).includes(verb)
}
