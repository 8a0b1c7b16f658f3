/**
 * The owners of shards, as they are asked: one that is gone is not waited for, one that is to come is, within a bound.
 */
import type { Clock } from '../../actors/clock.js'
import { UnavailableError } from '../../actors/errors.js'
import type { Limits } from '../../actors/limits.js'
import type { ClusterConnection } from '../connection.js'
import type { Feed } from '../requests/question.js'
import type { Requests } from '../requests/requests.js'
import type { ClusterGround } from '../streams/setup.js'
import type { Beginnings } from './beginnings.js'

export interface OwnersSite {
  readonly connection: ClusterConnection
  readonly ground: ClusterGround
  readonly clock: Clock
  readonly limits: Limits
  readonly requests: Requests
  readonly beginnings: Beginnings
}

export interface OwnersFeedListener {
  next(news: Uint8Array): void
  /** Another owner begins with the shard: nothing more comes of this one, and that one is to be asked. */
  moved(): void
  lost(error: unknown): void
}

/** What an owner of a shard tells of an actor. */
export interface OwnersFeed {
  /** Once it has ended there. */
  end(): void
  /** Before: nobody hears it any more. */
  leave(): void
}

export class Owners {
  readonly #site: OwnersSite

  constructor(site: OwnersSite) {
    this.#site = site
  }

  /**
   * What the owner of a shard says to a verb. While nobody has the shard the next owner is waited for, within a bound;
   * what only reads is asked of him as well when he begins before the one asked has answered.
   * @throws UnavailableError when nobody has it for that long, or says nothing in time
   */
  async ask(
    shard: number,
    verb: string,
    body: Uint8Array,
    { timeoutMs, isRead }: { readonly timeoutMs: number; readonly isRead: boolean },
  ): Promise<Uint8Array> {
    const { clock, limits, ground } = this.#site
    const subject = ground.names.owner(shard, verb)
    const began = clock.elapsed()
    for (let waitMs = limits.clusterRetryMs; ; waitMs *= 2) {
      assertConnected(this.#site.connection)
      const tookMs = clock.elapsed() - began
      const next = this.#nextOwner(shard)
      const expected = this.#site.requests.ask(
        subject,
        `the owner of shard ${shard}`,
        body,
        timeoutMs - tookMs,
      )
      try {
        const answer = await (isRead ? Promise.race([expected.answer, next.begins]) : expected.answer)
        if (answer !== undefined) return answer
      } catch (error) {
        if (!expected.isUnheard || tookMs + waitMs >= Math.min(timeoutMs, limits.shardAwayMsMax)) throw error
        await next.within(waitMs)
      } finally {
        expected.cancel()
        next.forget()
      }
    }
  }

  /** Resolves when an owner begins with the shard. */
  #nextOwner(shard: number) {
    let forget = () => {}
    const begins = new Promise<undefined>(resolve => {
      forget = this.#site.beginnings.on(shard, () => resolve(undefined))
    })
    const within = (waitMs: number) =>
      new Promise<void>(resolve => {
        const cancel = this.#site.clock.after(waitMs, resolve)
        void begins.then(() => {
          cancel()
          resolve()
        })
      })
    return { begins, within, forget }
  }

  /**
   * What the owner of a shard says to 'follow', again and again, until it is left. While nobody has the shard the next
   * owner is waited for, as in `ask`.
   * @throws UnavailableError, OverloadedError when it cannot be asked.
   */
  follow(shard: number, body: Uint8Array, timeoutMs: number, listener: OwnersFeedListener): OwnersFeed {
    const { connection, ground, clock, limits } = this.#site
    const subject = ground.names.owner(shard, 'follow')
    const began = clock.elapsed()
    let feed: Feed | undefined
    let cancelRetry = () => {}
    const end = () => {
      feed?.end()
      cancelRetry()
      forget()
    }
    const lost = (error: unknown) => {
      end()
      listener.lost(error)
    }
    const open = (waitMs: number) => {
      assertConnected(this.#site.connection)
      feed = this.#site.requests.feed(subject, `the owner of shard ${shard}`, body, timeoutMs, {
        next: news => listener.next(news),
        lost: (error, isUnheard) => {
          feed = undefined
          if (!isUnheard || clock.elapsed() - began + waitMs >= limits.shardAwayMsMax) return lost(error)
          cancelRetry = clock.after(waitMs, () => reopen(2 * waitMs))
        },
      })
    }
    const reopen = (waitMs: number) => {
      try {
        open(waitMs)
      } catch (error) {
        lost(error)
      }
    }
    const leave = () => {
      if (feed !== undefined && connection.isConnected)
        connection.nc.publish(ground.names.owner(shard, 'unfollow'), feed.subject)
      end()
    }
    const forget = this.#site.beginnings.on(shard, () => {
      leave()
      listener.moved()
    })
    try {
      open(limits.clusterRetryMs)
    } catch (error) {
      end()
      throw error
    }
    return { end, leave }
  }
}

/** Nothing that is asked without a connection is ever answered: who asks is told at once. */
export function assertConnected({ isConnected, label }: ClusterConnection): void {
  if (!isConnected) throw new UnavailableError(`the connection '${label}' to NATS is away`)
}
