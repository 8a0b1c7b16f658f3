/**
 * A runtime for tests: time stands still until `advance`, `crash` drops all memory and recovers from the
 * journal on disk, `calls` tells what activities were called with.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { decode, encode } from '../../actors/codec.js'
import { InvalidEventError } from '../../actors/errors.js'
import { type Limits, limitsWith } from '../../actors/limits.js'
import type { AnyDefinition } from '../../machines/index.js'
import type { Runtime } from '../client/types.js'
import { quietLogger, sequentialIds, thisProcess } from '../compose.js'
import { type AttemptOrder, idempotencyKeyOf } from '../dispatch/attempt.js'
import { openDataDirectory } from '../embedded/data-directory.js'
import { EmbeddedRuntime } from '../embedded/embedded-runtime.js'
import type { HostLogger } from '../shard-host-options.js'
import { SystemClock } from '../system-clock.js'
import { VirtualClock } from './virtual-clock.js'

/** A call of an activity, with what the machine gave it. */
export interface TestCall<Input = unknown> {
  readonly input: Input
  readonly idempotencyKey: string
  readonly attempt: number
}

export interface TestRuntimeOptions {
  readonly actors: readonly AnyDefinition[]
  /** ISO 8601; 2026-01-01T00:00:00Z when absent. */
  readonly now?: string
  readonly limits?: Partial<Limits>
}

export interface TestRuntime extends Runtime {
  /** Lets that much time pass: timers fire in order, and activities get to answer in between. */
  advance(ms: number): Promise<void>
  /** Drops everything in memory and recovers from the journal. */
  crash(): Promise<void>
  /** Calls of the activity named `src` so far, crashes included. */
  calls<Input = unknown>(src: string): readonly TestCall<Input>[]
}

const PATIENCE_MS = 1_000

export async function createTestRuntime(options: TestRuntimeOptions): Promise<TestRuntime> {
  return new VirtualTimeRuntime(options)
}

/** What tests of the engine itself give besides. */
export interface VirtualTimeOptions extends TestRuntimeOptions {
  /** How long an activity may take in real time before time goes on without it; a second when absent. */
  readonly patienceMs?: number
  readonly logger?: HostLogger
}

/** Its engine and its clock are open to the tests of the engine itself. */
export class VirtualTimeRuntime implements TestRuntime {
  readonly #real = new SystemClock()
  readonly clock: VirtualClock
  readonly engine: EmbeddedRuntime
  readonly #directory = mkdtempSync(join(tmpdir(), 'perdure-test-'))
  readonly #calls: (TestCall & { readonly src: string })[] = []
  readonly #givenUp = new Set<string>()
  readonly #patienceMs: number
  readonly actor: Runtime['actor']
  readonly list: Runtime['list']

  constructor(options: VirtualTimeOptions) {
    const startMs = Date.parse(options.now ?? '2026-01-01T00:00:00Z')
    if (Number.isNaN(startMs))
      throw new InvalidEventError('createTestRuntime', "'now' as an ISO 8601 time", `'${options.now}'`)
    this.clock = new VirtualClock(startMs, this.#real)
    this.#patienceMs = options.patienceMs ?? PATIENCE_MS
    const limits = limitsWith(options.limits)
    const { logger = quietLogger() } = options
    this.engine = new EmbeddedRuntime({
      actors: options.actors,
      clock: this.clock,
      limits,
      logger,
      mintId: sequentialIds('test'),
      openJournal: () =>
        openDataDirectory({
          path: this.#directory,
          clock: this.clock,
          limits,
          logger,
          holder: thisProcess(),
        }),
      onAttempt: order => this.#noteCall(order),
    })
    this.actor = this.engine.actor.bind(this.engine)
    this.list = this.engine.list.bind(this.engine)
  }

  async advance(ms: number): Promise<void> {
    const until = this.clock.now() + ms
    await this.#quiet()
    while (this.clock.ring(until)) await this.#quiet()
    this.clock.moveTo(until)
    this.engine.shard.host.start()
    await this.#quiet()
  }

  async crash(): Promise<void> {
    this.engine.restart()
    await this.engine.shard.host.whenIdle()
  }

  calls<Input>(src: string): readonly TestCall<Input>[] {
    const calls = this.#calls.filter(call => call.src === src).map(({ src: _, ...call }) => call)
    return calls as TestCall<Input>[]
  }

  get handler(): Runtime['handler'] {
    return this.engine.handler
  }

  metrics(): Promise<string> {
    return this.engine.metrics()
  }

  async stop(): Promise<void> {
    this.engine.shard.host.runner.abort('the test ends')
    await this.engine.stop()
    rmSync(this.#directory, { recursive: true, force: true })
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  #noteCall({ token, task, src }: AttemptOrder): void {
    const input = decode(encode(task.input))
    this.#calls.push({ src, input, idempotencyKey: idempotencyKeyOf(token), attempt: token.attempt })
  }

  /** Waits until nothing is left to step and no activity is about to answer. */
  async #quiet(): Promise<void> {
    const { host } = this.engine.shard
    const since = this.#real.elapsed()
    for (;;) {
      await host.whenIdle()
      await new Promise<void>(resolve => this.#real.soon(resolve))
      if (!host.isIdle) continue
      const running = host.runner.runningKeys().filter(key => !this.#givenUp.has(key))
      if (running.length === 0) return
      if (this.#real.elapsed() - since < this.#patienceMs) {
        await new Promise<void>(resolve => this.#real.after(1, resolve))
        continue
      }
      for (const key of running) this.#givenUp.add(key)
    }
  }
}
