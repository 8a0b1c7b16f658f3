/**
 * This member's lease as the thread that steps sees it: it starts the thread that renews it, asks whether it holds,
 * and hears when it was lost. A lease that was lost counts for nothing until the loss was taken notice of here, even
 * when the member lives again: what it owned may be another's.
 */
import { Worker } from 'node:worker_threads'
import type { Clock } from '../../actors/clock.js'
import type { Limits } from '../../actors/limits.js'
import type { HeartbeatNews, HeartbeatOrder, HeartbeatTask } from './heartbeat-worker.js'
import { LeaseCell } from './lease-cell.js'
import type { Life } from './lease-renewal.js'
import type { MemberAbout } from './member-record.js'

export interface HeartbeatSite extends Pick<HeartbeatTask, 'cluster' | 'bucket' | 'replicas'> {
  readonly clock: Clock
  readonly limits: Limits
  /** The lease is gone, and everything owned under it. Told before it can be valid again. */
  onLost(reason: string): void
  onLife(): void
  onTrouble(message: string): void
}

/** How the lease has been kept since this process began. */
export interface LeaseVitals {
  /** Since the last renewal; undefined while there is no lease. */
  readonly ageMs: number | undefined
  readonly losses: number
  /** Heartbeats that were not acknowledged. */
  readonly missed: number
}

export class Heartbeat {
  readonly #site: HeartbeatSite
  readonly #cell = new LeaseCell()
  #about: MemberAbout
  #worker: Worker | undefined
  #life: Life | undefined
  #isEnding = false
  #missed = 0

  constructor(site: HeartbeatSite, about: MemberAbout) {
    this.#site = site
    this.#about = about
  }

  start(): void {
    const { cluster, bucket, replicas, limits, clock } = this.#site
    const task: HeartbeatTask = {
      cluster,
      bucket,
      replicas,
      limits,
      cell: this.#cell.buffer,
      about: this.#about,
    }
    const worker = new Worker(new URL('./heartbeat-worker.js', import.meta.url), { workerData: task })
    this.#worker = worker
    worker.on('message', (news: HeartbeatNews) => this.#hear(news))
    worker.on('error', error => this.#site.onTrouble(`the thread of the heartbeats failed: ${error.message}`))
    worker.on('exit', code => {
      if (this.#isEnding || worker !== this.#worker) return
      this.#worker = undefined
      this.#cell.lost()
      this.#lose(`the thread of the heartbeats ended with ${code}`)
      clock.after(limits.leaseMs / 3, () => {
        if (!this.#isEnding) this.start()
      })
    })
  }

  /** The name of the life whose lease may be relied on now; undefined when there is none. */
  get life(): string | undefined {
    const { leaseMs, leaseMarginMs } = this.#site.limits
    const life = this.#life
    return life !== undefined && this.#cell.isFresh(leaseMs - leaseMarginMs, life.losses)
      ? life.name
      : undefined
  }

  /** Whether that life is not known to be lost. The lease may not be relied on now all the same. */
  lasts(life: string): boolean {
    return this.#life?.name === life
  }

  get vitals(): LeaseVitals {
    return { ageMs: this.#cell.ageMs(), losses: this.#cell.losses, missed: this.#missed }
  }

  /** The next heartbeat says so, and is sent at once. */
  say(about: MemberAbout): void {
    this.#about = about
    this.#order({ kind: 'say', about })
  }

  /** Removes the key, ends the thread. Waits no longer than that, a term at the most: then others find the lease lapsed. */
  async end(withinMs: number): Promise<void> {
    const worker = this.#worker
    if (this.#isEnding || worker === undefined) return
    this.#isEnding = true
    this.#life = undefined
    await new Promise<void>(resolve => {
      const cancel = this.#site.clock.after(withinMs, resolve)
      worker.once('exit', () => {
        cancel()
        resolve()
      })
      this.#order({ kind: 'end' })
    })
    await worker.terminate()
    this.#cell.lost()
  }

  #hear(news: HeartbeatNews): void {
    if (this.#isEnding) return
    if (news.kind === 'missed') this.#missed++
    if (news.kind === 'trouble' || news.kind === 'missed') this.#site.onTrouble(news.message)
    if (news.kind === 'lost') this.#lose(news.reason)
    if (news.kind === 'life') {
      this.#life = news.life
      this.#site.onLife()
    }
  }

  #lose(reason: string): void {
    this.#life = undefined
    this.#site.onLost(reason)
  }

  #order(order: HeartbeatOrder): void {
    this.#worker?.postMessage(order)
  }
}
