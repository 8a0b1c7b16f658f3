/**
 * An order driven along a path in a real embedded runtime, move by move; after each move it must look as the
 * path says. The process may die once on the way, at any commit: whoever sent sends again, whoever was asked
 * is asked again.
 */
import assert from 'node:assert/strict'
import { setImmediate as turn } from 'node:timers/promises'
import { type Address, addressOf } from '../../../actors/address.js'
import { limits } from '../../../actors/limits.js'
import { MemoryJournal } from '../../../journal/index.js'
import type { OrderOutput } from '../../../machines/lifecycles/order-context.js'
import { quietLogger, sequentialIds } from '../../../runtime/compose.js'
import { EmbeddedRuntime } from '../../../runtime/embedded/embedded-runtime.js'
import { snapshotOf } from '../../../runtime/step/life.js'
import { SystemClock } from '../../../runtime/system-clock.js'
import { VirtualClock } from '../../../runtime/testing/virtual-clock.js'
import { instead } from '../../simulation/instead.js'
import { noon } from './order-life.js'
import { type Move, purchaseBy } from './pipeline-moves.js'
import { lookOf, type Path } from './pipeline-paths.js'
import type { PipelineWorld } from './pipeline-world.js'

/** At which commit the process dies, counted from 1, and whether that commit was written before. */
export interface Death {
  readonly commit: number
  readonly written: boolean
}

export interface Ended {
  readonly output: OrderOutput
  /** What was done in the world, by idempotency key. */
  readonly effects: readonly string[]
  readonly commits: number
  readonly died: boolean
}

/** A runtime whose time is the test's, with what it needs to be driven. */
export interface Driven {
  readonly engine: EmbeddedRuntime
  readonly clock: VirtualClock
  /** Told before each move. */
  readonly crashBefore?: (move: number) => Promise<void>
}

const retryMs = 5_000
const turnsMax = 2_000

/** Runs one order along a path, in a runtime of its own on a journal in memory. */
export async function runPath(path: Path, world: PipelineWorld, death?: Death): Promise<Ended> {
  const mortal = new Mortal(world, death)
  try {
    await drive(path, 'o-1', world, mortal, mortal)
    const { output } = look(mortal.engine, addressOf('order', 'o-1'))!
    return {
      output: output as OrderOutput,
      effects: [...world.effects].sort(),
      commits: mortal.commits,
      died: mortal.hasDied,
    }
  } finally {
    world.forget()
    world.effects.clear()
    mortal.engine.shard.host.runner.abort('the test ends')
    await mortal.engine.stop()
  }
}

/** Drives the order `key` along a path. */
export async function drive(
  path: Path,
  key: string,
  world: PipelineWorld,
  { engine, clock, crashBefore }: Driven,
  mortal?: Mortal,
): Promise<void> {
  const address = addressOf('order', key)
  world.isSplit = path.kind === 'split'
  const birth = clock.now()
  for (const [index, move] of path.moves.entries()) {
    await crashBefore?.(index)
    const until = clock.now() + (move.cause.kind === 'wait' ? move.cause.ms : 0)
    await perform(move, `${key}:${index}`, address, birth, world, { engine, clock }, mortal)
    await reach(path, index, address, until, { engine, clock })
    world.answered()
  }
}

async function perform(
  { cause, name }: Move,
  commandId: string,
  target: Address,
  birth: number,
  world: PipelineWorld,
  { engine }: Driven,
  mortal: Mortal | undefined,
): Promise<void> {
  if (cause.kind === 'answer') return world.answer(cause.deed, cause.answer)
  if (cause.kind === 'wait') return
  // The promised date is counted from the order's birth.
  const isPurchase = cause.event.type === 'PURCHASED'
  const event = { ...(isPurchase ? purchaseBy(world.isSplit ? 'split' : 'single', birth) : cause.event) }
  for (let tries = 0; tries < 3; tries++) {
    const lost = mortal === undefined || mortal.hasDied ? [] : [mortal.restarted]
    const sent = engine.service.submit({ kind: 'message', commandId, target, event }).then(
      ({ handled }) => assert.ok(handled, `${name} was not handled`),
      (error: unknown) => {
        if (mortal?.hasDied !== true) throw error
        return 'lost'
      },
    )
    if ((await Promise.race([sent, ...lost])) !== 'lost') return
  }
  assert.fail(`${name} was lost again and again`)
}

/** Waits until the order looks as it should; time goes on only as far as it must. */
async function reach(
  path: Path,
  index: number,
  address: Address,
  until: number,
  { engine, clock }: Driven,
): Promise<void> {
  let still = 0
  for (let turns = 0; turns < turnsMax; turns++) {
    await turn()
    const { host } = engine.shard
    if (!host.isIdle) {
      still = 0
      continue
    }
    const snapshot = look(engine, address)
    const isThere = snapshot !== undefined && lookOf(snapshot) === path.looks[index]
    if (isThere && clock.now() >= until) return
    if (++still < 3) continue
    still = 0
    if (clock.ring(Math.max(until, clock.now() + (isThere ? 0 : retryMs)))) continue
    clock.moveTo(until)
    host.start()
  }
  assert.fail(
    `after ${path.moves
      .slice(0, index + 1)
      .map(move => move.name)
      .join(', ')}: found ${JSON.stringify(look(engine, address))}`,
  )
}

function look(engine: EmbeddedRuntime, address: Address) {
  const life = engine.shard.host.read(address)
  return life && snapshotOf(life)
}

/** A runtime that dies at a commit and begins again on what it left. */
class Mortal implements Driven {
  readonly engine: EmbeddedRuntime
  readonly clock = new VirtualClock(noon, new SystemClock())
  readonly #journal = new MemoryJournal()
  readonly #world: PipelineWorld
  readonly #death: Death | undefined
  commits = 0
  hasDied = false
  /** Resolves to `lost` once it has died and begun again. */
  readonly restarted: Promise<'lost'>
  #begunAgain: () => void = () => {}

  constructor(world: PipelineWorld, death: Death | undefined) {
    this.#world = world
    this.#death = death
    this.restarted = new Promise(resolve => {
      this.#begunAgain = () => resolve('lost')
    })
    this.engine = new EmbeddedRuntime({
      actors: [world.definition],
      clock: this.clock,
      limits,
      logger: quietLogger(),
      mintId: sequentialIds('test'),
      openJournal: () =>
        instead(this.#journal, {
          wasKilled: this.hasDied,
          append: commit => this.#append(commit),
          close: () => {},
        }),
    })
  }

  async #append(commit: Parameters<MemoryJournal['append']>[0]): Promise<void> {
    this.commits++
    const dies = !this.hasDied && this.commits === this.#death?.commit
    if (!dies || this.#death?.written === true) await this.#journal.append(commit)
    if (!dies) return
    this.hasDied = true
    setImmediate(() => {
      this.#world.forget()
      this.engine.restart()
      this.#begunAgain()
    })
    return new Promise(() => {})
  }
}
