/**
 * What the owner of a shard is asked, beside the commands in its inbox: everything that reads, and an
 * operator's orders, which no client that may only tell should give. Requests and answers are encoded as they are; an error is told as one.
 *
 * Whoever follows an actor is fed, for a while: so it asks the next owner when this one is gone, and falls behind at
 * nobody's cost.
 */
import { idOf } from '../../actors/address.js'
import type { Clock } from '../../actors/clock.js'
import { decode, encode, toErrorValue } from '../../actors/codec.js'
import { PerdureError } from '../../actors/errors.js'
import type { Limits } from '../../actors/limits.js'
import { asTold, errorBody, type Told, untold } from '../../actors/told-error.js'
import type { Api } from '../api/api.js'
import type { HostLogger } from '../shard-host-options.js'
import type { Bindings } from '../step/bindings.js'
import { Feed, type FeedRequest, type FeedSite } from './feed.js'
import { END_NEWS, errorNews } from './feed-news.js'

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
  'quarantine',
  'release',
  'complete',
  'beat',
] as const satisfies readonly (keyof Api)[]

type ShardVerb = (typeof SHARD_VERBS)[number]

/** Whoever asks, and may be told more than once. */
interface Asker {
  readonly subject: string
  tell(answer: Uint8Array): void
}

export interface ShardVerbsSite {
  readonly service: FeedSite['service']
  readonly bindings: Bindings
  readonly clock: Clock
  readonly limits: Limits
  readonly logger: HostLogger
}

export class ShardVerbs {
  readonly #api: Api
  readonly #site: ShardVerbsSite
  /** By where their followers are told. */
  readonly #feeds = new Map<string, Feed>()

  constructor(api: Api, site: ShardVerbsSite) {
    this.#api = api
    this.#site = site
  }

  /** Never rejects. */
  async answer(verb: string, body: Uint8Array, asker: Asker): Promise<Uint8Array> {
    try {
      if (verb === 'unfollow') return this.#unfollow(Buffer.from(body).toString('latin1'))
      if (verb === 'follow') return await this.#follow(decode(body) as FeedRequest, asker)
      return encode({ ok: true, result: await this.#result(verb, decode(body)) })
    } catch (error) {
      const told = this.#told(error)
      return verb === 'follow' ? errorNews(told) : encode(errorBody(told))
    }
  }

  #result(verb: string, request: unknown): Promise<unknown> {
    if (!isShardVerb(verb))
      throw new PerdureError(
        'InvalidEvent',
        `no verb '${verb}': expected one of ${SHARD_VERBS.join(', ')}, follow`,
      )
    const call = this.#api[verb] as (request: unknown) => Promise<unknown>
    return call.call(this.#api, request)
  }

  async #follow(request: FeedRequest, { subject, tell }: Asker): Promise<Uint8Array> {
    const { service, bindings, clock, limits } = this.#site
    bindings.current(idOf(request.address).type)
    const feed = new Feed(request, { service, clock, limits, tell })
    this.#feeds.set(subject, feed)
    try {
      await feed.run()
    } finally {
      this.#feeds.delete(subject)
    }
    return END_NEWS
  }

  #unfollow(subject: string): Uint8Array {
    this.#feeds.get(subject)?.end()
    return new Uint8Array(0)
  }

  /** The shard goes to another: whoever follows an actor shall ask there. */
  end(): void {
    for (const feed of [...this.#feeds.values()]) feed.end()
  }

  #told(thrown: unknown): Told {
    const told = asTold(thrown)
    if (told !== undefined) return told
    this.#site.logger.error({ error: toErrorValue(thrown) }, 'a request of another member failed')
    return untold('the request')
  }
}

function isShardVerb(verb: string): verb is ShardVerb {
  return (SHARD_VERBS as readonly string[]).includes(verb)
}
