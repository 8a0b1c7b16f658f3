/**
 * Attempts that this member began for shards which are others' by now. They end here, and their results are sent to
 * whoever has the shard; its records say that they are away with this member, in this life of it.
 *
 * Owns: that a result is sent until it is stored, or nobody waits for it any more. Invariant: while this life of the
 * member lasts, nothing of it is dropped.
 */
import type { Clock } from '../../actors/clock.js'
import { toErrorValue } from '../../actors/codec.js'
import type { Command } from '../../actors/command.js'
import type { Limits } from '../../actors/limits.js'
import type { ActivityRunner } from '../dispatch/activity-runner.js'
import type { HostLogger } from '../shard-host-options.js'

export interface LodgersSite {
  readonly clock: Clock
  readonly limits: Limits
  readonly logger: HostLogger
  /** Whether that life of this member is not over, as far as is known here. */
  lasts(life: string): boolean
}

export class Lodgers {
  readonly #site: LodgersSite
  /** Each with when it has ended. */
  readonly #runners = new Map<ActivityRunner, Promise<unknown>>()
  readonly #sending = new Set<Promise<void>>()
  #isOver = false

  constructor(site: LodgersSite) {
    this.#site = site
  }

  /** What a host left running. */
  take(runner: ActivityRunner): void {
    this.#runners.set(
      runner,
      runner.drain().then(() => this.#runners.delete(runner)),
    )
  }

  /** Attempts that run. */
  get running(): number {
    return [...this.#runners.keys()].reduce((sum, runner) => sum + runner.running, 0)
  }

  /** Sends a result, or what else goes to a shard by its log, for as long as it takes. */
  send(life: string, command: Command, store: (command: Command) => Promise<void>): void {
    const sending = this.#send(life, command, store).finally(() => this.#sending.delete(sending))
    this.#sending.add(sending)
  }

  async #send(life: string, command: Command, store: (command: Command) => Promise<void>): Promise<void> {
    const { clock, limits, logger } = this.#site
    while (!this.#isOver) {
      try {
        return await store(command)
      } catch (error) {
        if (!this.#site.lasts(life))
          return logger.warn(
            { actor: command.target, error: toErrorValue(error) },
            'a result of a shard is void: its member was held for dead',
          )
        await new Promise<void>(resolve => clock.after(limits.clusterRetryMs, resolve))
      }
    }
  }

  /** Waits for them that long, then ends what still runs. Nothing is sent any more when it resolves. */
  async end(withinMs: number): Promise<void> {
    let cancel = () => {}
    const patience = new Promise<void>(resolve => {
      cancel = this.#site.clock.after(withinMs, resolve)
    })
    await Promise.race([this.#ended(), patience])
    cancel()
    this.#isOver = true
    for (const runner of this.#runners.keys()) runner.abort('the member stops')
  }

  async #ended(): Promise<void> {
    await Promise.all(this.#runners.values())
    await Promise.all(this.#sending)
  }
}
