/**
 * A bucket as this member sees it: a copy kept by a watch, with the moment at which each revision was first seen
 * here. It looks after the watch: one that fell silent or behind is opened again, a bucket that is gone is made again.
 *
 * What stood in a bucket that was made anew (or went backwards) is remembered at revision 0 until it is written
 * again: the memory of its watchers outlives the bucket.
 * Invariant: what is read here may be late, never invented. Whoever decides by it writes conditionally.
 */
import type { StreamInfo } from '@nats-io/jetstream'
import type { KV, KvWatchEntry } from '@nats-io/kv'
import type { NatsConnection, QueuedIterator } from '@nats-io/transport-node'
import type { Clock } from '../../actors/clock.js'
import { bucketInfo, openBucket } from './buckets.js'

export interface Seen<Value> {
  readonly value: Value
  /** 0 for what is only remembered. */
  readonly revision: number
  /** When the server wrote it, ms since 1970 by its clock. */
  readonly createdMs: number
  /** When this revision was first seen here, by the steady clock of this process. */
  readonly observedMs: number
}

export interface BucketSite<Value> {
  readonly nc: NatsConnection
  readonly bucket: string
  readonly replicas: number
  readonly clock: Clock
  /** How often the watch is held against the bucket. */
  readonly checkMs: number
  /** Undefined for what is none of ours. */
  decode(key: string, bytes: Uint8Array): Value | undefined
  /** Something is not as it was. Keys are told one by one but for a bucket opened anew. */
  onChange(key: string | undefined): void
  onTrouble(message: string): void
}

type Entries<Value> = Map<string, Seen<Value>>

export class BucketView<Value> {
  readonly #site: BucketSite<Value>
  #entries: Entries<Value> = new Map()
  #kv: KV | undefined
  #watch: QueuedIterator<KvWatchEntry> | undefined
  #created = ''
  #seen = 0
  #isLoaded = false
  #lastChecked = 0
  #isClosed = false
  #checking: Promise<void> | undefined
  #cancelCheck = (): void => undefined

  constructor(site: BucketSite<Value>) {
    this.#site = site
  }

  /** Resolves once all that stands in the bucket was seen. */
  async open(): Promise<void> {
    await this.#begin()
    this.#checkLater()
  }

  close(): void {
    this.#isClosed = true
    this.#cancelCheck()
    this.#watch?.stop()
  }

  get entries(): ReadonlyMap<string, Seen<Value>> {
    return this.#entries
  }

  /** The bucket itself, for conditional writes. */
  get kv(): KV {
    if (this.#kv === undefined) throw new Error(`bucket ${this.#site.bucket} is not open`)
    return this.#kv
  }

  /** When the bucket was made, as the server writes it: its identity. */
  get created(): string {
    return this.#created
  }

  /** The last revision of the bucket that was seen. */
  get seen(): number {
    return this.#seen
  }

  /** What this member wrote itself, before the watch tells it. */
  learn(key: string, value: Value, revision: number, createdMs: number): void {
    if (revision <= (this.#entries.get(key)?.revision ?? 0)) return
    this.#entries.set(key, { value, revision, createdMs, observedMs: this.#site.clock.elapsed() })
    this.#site.onChange(key)
  }

  forget(key: string): void {
    if (this.#entries.delete(key)) this.#site.onChange(key)
  }

  /** Holds the watch against the bucket now, and opens it again where it fell behind. */
  check(): Promise<void> {
    this.#checking ??= this.#check()
      .catch((error: unknown) => this.#site.onTrouble(`bucket ${this.#site.bucket}: ${String(error)}`))
      .finally(() => {
        this.#checking = undefined
      })
    return this.#checking
  }

  #checkLater(): void {
    this.#cancelCheck = this.#site.clock.after(this.#site.checkMs, () => {
      void this.check().then(() => {
        if (!this.#isClosed) this.#checkLater()
      })
    })
  }

  async #check(): Promise<void> {
    const { nc, bucket } = this.#site
    const info = await bucketInfo(nc, bucket)
    if (this.#isClosed) return
    const last = info?.state.last_seq ?? 0
    const isBehind = this.#seen < this.#lastChecked
    this.#lastChecked = last
    const isOther = info === undefined || info.created !== this.#created || last < this.#seen
    if (isOther || isBehind || !this.#isLoaded) await this.#begin()
  }

  async #begin(): Promise<void> {
    const { nc, bucket, replicas, clock, checkMs } = this.#site
    this.#watch?.stop()
    this.#isLoaded = false
    this.#kv = await openBucket(nc, bucket, replicas)
    const { streamInfo } = await this.#kv.status()
    const watch = await this.#kv.watch()
    if (this.#isClosed) {
      watch.stop()
      return
    }
    this.#watch = watch
    let cancel = (): void => undefined
    // What is emptied while it is read never comes to its end: the next check begins again.
    const patience = new Promise<void>(resolve => {
      cancel = clock.after(checkMs, resolve)
    })
    await Promise.race([this.#follow(watch, streamInfo), patience])
    cancel()
  }

  /** Reads what stands in the bucket, and goes on with what changes. Resolves when the former was seen. */
  #follow(watch: QueuedIterator<KvWatchEntry>, info: StreamInfo): Promise<void> {
    const loading: Entries<Value> = new Map()
    return new Promise(resolve => {
      const settle = (): void => {
        this.#adopt(loading, info)
        resolve()
      }
      const follow = async (): Promise<void> => {
        for await (const entry of watch) {
          if (this.#watch !== watch || this.#isClosed) return
          this.#apply(this.#isLoaded ? this.#entries : loading, entry)
          if (!this.#isLoaded && entry.delta === 0) settle()
        }
      }
      if (info.state.messages === 0) settle()
      follow().catch((error: unknown) =>
        this.#site.onTrouble(`bucket ${this.#site.bucket}: ${String(error)}`),
      )
    })
  }

  #apply(entries: Entries<Value>, entry: KvWatchEntry): void {
    const { key, revision, created, operation, value: bytes } = entry
    const isLive = entries === this.#entries
    if (isLive) this.#seen = Math.max(this.#seen, revision)
    const value = operation === 'PUT' ? this.#site.decode(key, bytes) : undefined
    const before = entries.get(key)
    if (revision <= (before?.revision ?? -1)) return
    if (value === undefined) entries.delete(key)
    else
      entries.set(key, {
        value,
        revision,
        createdMs: created.getTime(),
        observedMs: this.#site.clock.elapsed(),
      })
    if (isLive && (before !== undefined || value !== undefined)) this.#site.onChange(key)
  }

  /** What was seen before keeps the moment at which it was; of another bucket it is only remembered. */
  #adopt(loading: Entries<Value>, info: StreamInfo): void {
    const isSame = info.created === this.#created && info.state.last_seq >= this.#seen
    for (const [key, before] of this.#entries) {
      const now = loading.get(key)
      if (now === undefined && !isSame)
        loading.set(key, { ...before, revision: 0, observedMs: this.#site.clock.elapsed() })
      else if (isSame && now !== undefined && now.revision <= before.revision) loading.set(key, before)
    }
    this.#entries = loading
    this.#created = info.created
    this.#seen = Math.max(info.state.last_seq, ...[...loading.values()].map(one => one.revision))
    this.#isLoaded = true
    this.#site.onChange(undefined)
  }
}
