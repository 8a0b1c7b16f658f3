/**
 * Losses that are kept beside the records and counted when an actor is touched, against what an order to each actor
 * would have made of it at once: after any sequence of starts, walks and deaths the same attempts, the same ends.
 */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { setup } from 'xstate'
import type { Address } from '../../../actors/address.js'
import type { Command, ResultCommand } from '../../../actors/command.js'
import type { Loss } from '../../../actors/commit.js'
import type { Journal } from '../../../actors/journal.js'
import { limitsWith } from '../../../actors/limits.js'
import { activity, defineActor, each } from '../../../machines/index.js'
import { Losses } from '../../../runtime/recovery/losses.js'
import { OwingWalk } from '../../../runtime/recovery/owing-walk.js'
import { applyCommand } from '../../../runtime/step/apply-command.js'
import { Bindings } from '../../../runtime/step/bindings.js'
import type { Life } from '../../../runtime/step/life.js'
import type { Owing } from '../../../runtime/step/lost-attempts.js'
import { runs } from '../../support/effort.js'

const run = () => new Promise<never>(() => {})

function jobOf(id: string, options: Parameters<typeof activity>[1]) {
  const work = activity<unknown, unknown>(run, options)
  const machine = setup({ actors: { work, many: each(work) } }).createMachine({
    id,
    initial: 'working',
    states: {
      working: {
        invoke: [
          { src: 'work', onDone: 'done', onError: 'failed' },
          { src: 'many', input: () => [1, 2, 3], onDone: 'done', onError: 'failed' },
        ],
        on: { POKE: {}, AGAIN: { target: 'working', reenter: true } },
      },
      done: { on: { POKE: {}, AGAIN: 'working' } },
      failed: { on: { POKE: {}, AGAIN: 'working' } },
    },
  })
  return defineActor({ machine, version: '1' })
}

const bindings = new Bindings([
  jobOf('patient', { retry: { attempts: 9 } }),
  jobOf('hasty', { retry: { attempts: 2 } }),
  jobOf('single', { once: true }),
])
const ADDRESSES = ['hasty/1', 'hasty/2', 'patient/1', 'patient/2', 'patient/3', 'single/1', 'single/2']
const limits = limitsWith({ dueActorsPageMax: 3, lossesMax: 3 })

/** Actors and their shard, as far as counting is concerned. */
class Shard {
  position = 0
  readonly lives = new Map<Address, Life>()
  /** Results that counting made, in order. */
  readonly #pending: Command[] = []

  constructor() {
    for (const target of ADDRESSES) this.apply({ kind: 'start', commandId: 's', target, input: undefined })
  }

  apply(command: Command): string {
    const site = {
      position: this.position + 1,
      now: this.position,
      limits,
      bindings,
      sendsMax: 100,
      sendsBytesMax: 1_000_000,
    }
    const application = applyCommand(this.lives.get(command.target), command, site)
    if (application.kind !== 'applied') return application.kind
    this.position++
    this.lives.set(command.target, application.life)
    this.#pending.push(...application.sends)
    return application.entry.outcome
  }

  /** What counting sent is stepped. */
  settle(): void {
    for (let next = this.#pending.shift(); next !== undefined; next = this.#pending.shift()) this.apply(next)
  }

  /** All that must be the same. */
  shown(): unknown {
    return ADDRESSES.map(address => {
      const { record } = this.lives.get(address)!
      const tasks = record.invocations.map(one =>
        one.tasks.map(({ attempt, state }) => `${state} ${attempt}`),
      )
      return { address, status: record.status, state: Buffer.from(record.state).toString(), tasks }
    })
  }
}

type Touch = { readonly actor: number; readonly what: 'POKE' | 'AGAIN' | 'fails' | 'ends' | 'attempt' }

/** A process of the one kind: marks, a walk, and orders only where they are needed. */
class LazyProcess {
  readonly #shard: Shard
  readonly losses: Losses
  readonly #walk: OwingWalk
  readonly #orders: Command[] = []

  constructor(shard: Shard, kept: readonly Loss[]) {
    this.#shard = shard
    const owing = () => {
      let after = ''
      return {
        next: (limit: number) => {
          const page = [...shard.lives.values()]
            .filter(({ record }) => record.invocations.length > 0 && record.address > after)
            .sort((a, b) => (a.record.address < b.record.address ? -1 : 1))
            .slice(0, limit)
          after = page.at(-1)?.record.address ?? after
          return page
        },
      }
    }
    const journal = { position: shard.position, losses: () => kept, pending: () => [], owing }
    this.losses = new Losses({ journal: journal as unknown as Journal, limits })
    this.#walk = new OwingWalk(this.losses, {
      journal: journal as unknown as Journal,
      bindings,
      limits,
      countsWaiting: false,
      hasRoom: () => true,
      wantsMore: () => false,
      takeOverflow: () => false,
      run: ({ record: { address } }) => {
        const isLost = this.losses.holds(shard.lives.get(address)!)
        assert.ok(!isLost || address <= (this.losses.reached ?? ''), `${address} begins, and may not yet`)
      },
      submit: order => this.#orders.push(order),
      read: address => shard.lives.get(address),
      warn: () => assert.fail('nothing to warn of'),
    })
  }

  /** Steps an order of the walk's, or a command, and before it what the actor has to count. */
  take(command: Command): string {
    const order = this.losses.before(command, this.#shard.lives.get(command.target)!)
    if (order !== undefined) this.#shard.apply(order)
    const outcome = this.#shard.apply(command)
    this.#shard.settle()
    this.#walk.note([this.#shard.lives.get(command.target)!])
    return outcome
  }

  /** A turn; answers what the commit says of losses, if it does and becomes durable. */
  turn(isLost: boolean, ordered: (target: Address) => void): readonly Loss[] | undefined {
    this.#walk.goOn(this.#orders.length === 0)
    for (const order of this.#orders.splice(0)) {
      this.take(order)
      ordered(order.target)
    }
    const { losses: offered } = this.losses.offer()
    if (isLost) this.losses.lost()
    else this.losses.committed()
    return isLost ? undefined : offered
  }
}

/** A process of the other kind: each actor that is reached, or touched, is ordered to count at once. */
class EagerProcess {
  readonly #shard: Shard
  readonly #until: number

  constructor(shard: Shard) {
    this.#shard = shard
    this.#until = shard.position
  }

  order(target: Address): void {
    const order = { type: 'recover', until: this.#until } as const
    this.#shard.apply({ kind: 'operator', commandId: 'r', target, order })
    this.#shard.settle()
  }

  take(command: Command): string {
    this.order(command.target)
    const outcome = this.#shard.apply(command)
    this.#shard.settle()
    return outcome
  }
}

/** The command a touch stands for, to an actor whose attempts are as given; undefined where there is none. */
function commandOf({ actor, what }: Touch, owing: Owing): Command | undefined {
  const target = ADDRESSES[actor]!
  if (what === 'POKE' || what === 'AGAIN')
    return { kind: 'message', commandId: `c-${owing.record.seq}`, target, event: { type: what } }
  const states = what === 'attempt' ? ['waiting', 'ready'] : ['ready', 'started']
  for (const { id, epoch, tasks } of owing.record.invocations)
    for (const [task, { attempt, state }] of tasks.entries()) {
      if (
        !states.includes(state) ||
        (what === 'attempt' && state === 'ready' && !target.startsWith('single'))
      )
        continue
      const token = { actor: target, incarnation: owing.record.incarnation, id, epoch, task, attempt }
      const envelope = { commandId: 'c', sender: target, target }
      if (what === 'attempt') return { ...envelope, kind: 'operator', order: { type: 'attempt', token } }
      const error = { name: 'Error', message: 'no' }
      const outcome: ResultCommand['outcome'] =
        what === 'fails' ? { status: 'error', error, retry: true } : { status: 'done', output: 1 }
      return { ...envelope, kind: 'result', token, outcome }
    }
  return undefined
}

const touch: fc.Arbitrary<Touch> = fc.record({
  actor: fc.nat(ADDRESSES.length - 1),
  what: fc.constantFrom('POKE', 'AGAIN', 'fails', 'ends', 'attempt'),
})
const turn = fc.record({
  touch: fc.option(touch, { nil: undefined }),
  isLost: fc.boolean(),
})
const processes = fc.array(fc.array(turn, { maxLength: 12 }), { minLength: 1, maxLength: 7 })

suite('losses kept beside the records', () => {
  test('come to what an order to each actor makes of them, whenever processes die', () => {
    fc.assert(
      fc.property(processes, lives => {
        const [lazy, eager] = [new Shard(), new Shard()]
        let kept: readonly Loss[] = []
        for (const turns of lives) {
          const [one, other] = [new LazyProcess(lazy, kept), new EagerProcess(eager)]
          let reached = ''
          for (const { touch, isLost } of turns) {
            kept = one.turn(isLost, target => other.order(target)) ?? kept
            assert.ok(kept.length <= limits.lossesMax, `${kept.length} losses are kept`)
            for (const address of ADDRESSES)
              if (address > reached && address <= (one.losses.reached ?? '')) other.order(address)
            reached = one.losses.reached ?? ''
            if (touch === undefined) continue
            const life = one.losses.counted(lazy.lives.get(ADDRESSES[touch.actor]!)!)
            const command = commandOf(touch, life)
            if (command !== undefined) assert.equal(one.take(command), other.take(command), touch.what)
          }
        }
        const [last, other] = [new LazyProcess(lazy, kept), new EagerProcess(eager)]
        for (const target of ADDRESSES) {
          const poke = { kind: 'message', commandId: 'last', target, event: { type: 'POKE' } } as const
          assert.equal(last.take(poke), other.take(poke))
        }
        assert.deepEqual(lazy.shown(), eager.shown())
      }),
      { numRuns: runs(2_000) },
    )
  })
})
