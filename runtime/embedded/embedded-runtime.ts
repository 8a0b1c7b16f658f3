/**
 * The embedded runtime: one shard in this process on one journal. Can be ended and begun again on the same
 * journal, which is what a crash is.
 */
import type { Clock } from '../../actors/clock.js'
import { toErrorValue } from '../../actors/codec.js'
import type { Definition } from '../../actors/definition.js'
import { UnavailableError } from '../../actors/errors.js'
import type { Journal } from '../../actors/journal.js'
import type { Limits } from '../../actors/limits.js'
import type { Api } from '../api/api.js'
import { type About, LiveApi } from '../api/live-api.js'
import { LocalClient } from '../client/local-client.js'
import type { Runtime } from '../client/types.js'
import type { AttemptOrder } from '../dispatch/attempt.js'
import { Followers } from '../dispatch/followers.js'
import { type HandlerSite, type Health, type HttpHandler, httpHandler, metricsOff } from '../http/handler.js'
import { MemoryInbox } from '../inbox/memory-inbox.js'
import { EngineObserver } from '../observe/engine-observer.js'
import type { EngineMetrics } from '../observe/metrics/engine-metrics.js'
import type { Tracing } from '../observe/tracing/tracing.js'
import { packageVersion } from '../package-version.js'
import { ShardHost } from '../shard-host.js'
import type { Committed, HostLogger, VerifyOptions } from '../shard-host-options.js'
import { Bindings } from '../step/bindings.js'
import { assertFingerprints, assertVersioned } from '../versions.js'
import { EmbeddedService, type Shard } from './embedded-service.js'

export interface EmbeddedOptions {
  readonly actors: readonly Definition[]
  readonly clock: Clock
  readonly limits: Limits
  readonly logger: HostLogger
  mintId(): string
  /** Opens the journal, for the first time and after each crash. */
  openJournal(): Journal
  /** Whether each definition must say its version: a fingerprint changes with every edit, and actors in flight are left behind. */
  readonly versionsRequired?: boolean
  readonly time?: 'wall' | 'event'
  readonly onCommitted?: (committed: Committed) => void
  readonly onAttempt?: (order: AttemptOrder) => void
  readonly onFailed?: (error: Error) => void
  readonly metrics?: EngineMetrics
  readonly tracing?: Tracing
  readonly verify?: VerifyOptions
  /** Where it runs, for whoever asks; nowhere in particular when absent. */
  readonly about?: About
}

/** Where others come in. */
export interface Door {
  /** Lets nobody in any more; who is in is still answered. */
  retire(): void
  /** Resolves when everybody is out. */
  close(): Promise<void>
}

export class EmbeddedRuntime extends LocalClient implements Runtime {
  readonly service: EmbeddedService
  readonly bindings: Bindings
  /** Set by whoever began an inspection of it. */
  inspectUrl: string | undefined
  readonly #options: EmbeddedOptions
  readonly #followers: Followers
  readonly #observer: EngineObserver | undefined
  readonly #doors: Door[] = []
  readonly #startedAt: number
  #api: Api | undefined
  #handler: HttpHandler | undefined
  #shard: Shard
  #stopped: Promise<void> | undefined

  /** @throws SetupError for definitions or a journal that must be refused. */
  constructor(options: EmbeddedOptions) {
    const bindings = new Bindings(options.actors)
    if (options.versionsRequired === true) assertVersioned(bindings)
    const { clock, limits } = options
    const service = new EmbeddedService({
      bindings,
      clock,
      limits,
      mintId: () => options.mintId(),
      shard: () => this.#shard,
      tracing: options.tracing,
    })
    super(service)
    this.service = service
    this.bindings = bindings
    this.#options = options
    const { metrics, tracing } = options
    if (metrics !== undefined || tracing !== undefined)
      this.#observer = new EngineObserver({ clock, metrics, tracing })
    this.#followers = new Followers(error =>
      options.logger.warn({ error: toErrorValue(error) }, 'a listener threw'),
    )
    this.#startedAt = clock.now()
    this.#shard = this.#begin()
  }

  /** Every verb, as plain data. */
  get api(): Api {
    this.#api ??= new LiveApi({
      service: this.service,
      bindings: this.bindings,
      about: this.#options.about ?? { perdure: packageVersion(), path: '', pid: 0 },
      startedAt: this.#startedAt,
      shard: () => this.#shard,
    })
    return this.#api
  }

  get handler(): HttpHandler {
    this.#handler ??= httpHandler(this.api, this.handlerSite)
    return this.#handler
  }

  /** What a door for others is made with. */
  get handlerSite(): HandlerSite {
    const { clock, limits, logger } = this.#options
    return {
      clock,
      limits,
      logger,
      onEnd: listener => this.service.onEnd(listener),
      metrics: () => this.metrics(),
      health: () => this.#health(),
    }
  }

  #health(): Health {
    if (this.#stopped !== undefined) return { unready: 'the runtime stops' }
    const why = this.#shard.host.refusal?.message
    return why === undefined ? {} : { ill: why }
  }

  get shard(): Shard {
    return this.#shard
  }

  #begin(): Shard {
    const { clock, limits, logger, time, onCommitted, onAttempt, onFailed, verify } = this.#options
    const journal = this.#options.openJournal()
    try {
      assertFingerprints(this.bindings, journal, logger)
    } catch (error) {
      journal.close()
      throw error
    }
    const inbox = new MemoryInbox(limits)
    const host = new ShardHost({
      journal,
      inbox,
      bindings: this.bindings,
      clock,
      limits,
      logger,
      followers: this.#followers,
      ...(time === undefined ? {} : { time }),
      ...(onCommitted === undefined ? {} : { onCommitted }),
      ...(onAttempt === undefined ? {} : { onAttempt }),
      ...(verify === undefined ? {} : { verify }),
      ...(this.#observer === undefined ? {} : { observer: this.#observer }),
      onFailed: error => {
        this.#followers.end(new UnavailableError('the runtime failed'))
        onFailed?.(error)
      },
    })
    host.start()
    return { host, inbox, journal }
  }

  /** Everything in memory is gone, as after a kill; the journal is opened again. */
  restart(): void {
    this.#shard.host.kill()
    this.#shard.journal.close()
    this.#shard = this.#begin()
  }

  async metrics(): Promise<string> {
    const { metrics } = this.#options
    if (metrics === undefined) throw metricsOff()
    return metrics.text(this.service.load())
  }

  /** Closed with the runtime: to newcomers when it begins to stop, to all once it has. */
  addDoor(door: Door): void {
    this.#doors.push(door)
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop()
    return this.#stopped
  }

  async #stop(): Promise<void> {
    for (const door of this.#doors) door.retire()
    await this.#shard.host.stop(this.#options.limits.stopMsMax)
    try {
      this.#shard.journal.close()
    } finally {
      this.#followers.end(new UnavailableError('the runtime has stopped'))
      await Promise.all(this.#doors.map(door => door.close()))
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }
}
