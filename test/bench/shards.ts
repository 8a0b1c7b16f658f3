/**
 * Several shards in one process, as a member of a cluster will have them: each a host of its own on a journal
 * of its own, all on one clock. An actor's shard follows from its key.
 */

import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { limits } from '../../actors/limits.js'
import { type Durability, openJournal } from '../../journal/index.js'
import { mintCommandId } from '../../runtime/command-id.js'
import { quietLogger, thisProcess } from '../../runtime/compose.js'
import { EmbeddedRuntime } from '../../runtime/embedded/embedded-runtime.js'
import type { Shard } from '../../runtime/embedded/embedded-service.js'
import { SystemClock } from '../../runtime/system-clock.js'
import type { Actors } from './clients.js'
import { order } from './order-machine.js'

export class Shards implements Actors {
  readonly #runtimes: readonly EmbeddedRuntime[]
  readonly actor: Actors['actor'] = (definition, key) => {
    const runtime = this.#runtimes[crc32(key) % this.#runtimes.length]!
    return runtime.actor(definition, key)
  }

  constructor(count: number, directory: string, durability: Durability) {
    const clock = new SystemClock()
    const logger = quietLogger()
    const holder = { ...thisProcess(), since: clock.now() }
    this.#runtimes = Array.from({ length: count }, (_, index) => {
      const path = join(directory, `shard-${index}`)
      return new EmbeddedRuntime({
        actors: [order],
        clock,
        limits,
        logger,
        mintId: mintCommandId,
        openJournal: () => openJournal({ path, holder, durability, limits }),
      })
    })
  }

  get all(): readonly Shard[] {
    return this.#runtimes.map(runtime => runtime.shard)
  }

  async stop(): Promise<void> {
    await Promise.all(this.#runtimes.map(runtime => runtime.stop()))
  }
}
