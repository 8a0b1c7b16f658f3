/**
 * Clients who publish their commands: each is stored once for every message id, and answered if somebody waits. Who
 * waits and hears nothing publishes again under another; who does not wait need not: it is stored.
 */
import type { Command } from '../../../actors/command.js'
import { InvalidEventError } from '../../../actors/errors.js'
import type { Answer as Reply } from '../../../actors/inbox.js'
import { AGAIN, type Answer, type Given, REFUSALS } from '../clients.js'
import { type Order, ordersFor } from '../orders.js'
import type { Random } from '../random.js'
import type { Scheduler } from '../scheduler.js'
import type { ClusterPlan } from './cluster-plan.js'
import type { SharedStreams } from './shared-streams.js'

export interface StreamClientsSite {
  readonly scheduler: Scheduler
  readonly random: Random
  readonly streams: SharedStreams
  answered(given: Given, answer: Answer): void
  trace(what: string): void
  fail(what: string): void
}

/** What the door refuses: nothing of it is ever stepped. */
export interface Broken {
  readonly command: Command
  readonly isUnheard: boolean
  refused: boolean
}

export class StreamClients {
  readonly given: Given[]
  readonly broken: Broken[]
  readonly #site: StreamClientsSite
  #tries = 0
  /** Of each order, published and not answered yet. */
  readonly #copies = new Map<Given, number>()

  constructor(site: StreamClientsSite, plan: ClusterPlan) {
    const { random, scheduler } = site
    this.#site = site
    this.given = ordersFor(random, plan.orders, plan.poisonous).map(order => ({
      order,
      address: `${order.wish.to}/${order.key}`,
      answers: [],
      abandoned: false,
      conflicts: 0,
      isUnheard: !order.id.startsWith('open') && random.chance(plan.unheard),
    }))
    for (const [at, one] of this.given.entries()) {
      const delayMs = at < 3 ? random.between(0, 100) : random.between(0, plan.busyMs)
      scheduler.schedule(delayMs, () => this.#give(one))
    }
    this.broken = Array.from({ length: Math.round(plan.broken * plan.orders) }, (_, n) => ({
      command: {
        kind: 'message',
        commandId: `broken-${n}`,
        target: random.pick(['counter/x', 'account/a']),
        event: { type: 'ADD', id: `broken-${n}`, amount: 1 },
      },
      isUnheard: random.chance(0.5),
      refused: false,
    }))
    for (const one of this.broken)
      scheduler.schedule(random.between(0, plan.busyMs), () => this.#giveBroken(one))
  }

  /** Orders nobody has an end of yet; whoever does not wait has one once it is stored. */
  get open(): readonly Given[] {
    return this.given.filter(
      ({ isUnheard, answers, refused, abandoned }) =>
        isUnheard !== true && answers.length === 0 && refused === undefined && !abandoned,
    )
  }

  #give(one: Given): void {
    const { scheduler, random, streams, trace } = this.#site
    const { id } = one.order
    trace(
      `client: ${id} to ${one.address} ${JSON.stringify(one.order.wish)}${one.isUnheard ? ', unheard' : ''}`,
    )
    const command = commandOf(one.order, one.address)
    if (one.isUnheard) {
      streams.publish(id, { command })
      // Whoever lost the word that it is stored says it again.
      if (random.chance(0.1))
        scheduler.schedule(random.between(0, 2_000), () => streams.publish(id, { command }))
      return
    }
    const [sentStep, asked] = [scheduler.steps, {}]
    const stopWaiting = scheduler.schedule(random.between(500, 8_000), () => {
      // Nobody remembers what killed before its actor was born: it would kill for ever.
      one.abandoned = random.chance(id === 'poison' ? 0.5 : 0.05)
      if (!one.abandoned) this.#give(one)
    })
    this.#copies.set(one, this.#unheard(one) + 1)
    const reply = (answer: Reply) => {
      stopWaiting()
      this.#copies.set(one, this.#unheard(one) - 1)
      this.#hear(one, answer, { sentStep, process: asked })
    }
    streams.publish(`${id}#${++this.#tries}`, { command, reply })
  }

  #unheard(one: Given): number {
    return this.#copies.get(one) ?? 0
  }

  #giveBroken(one: Broken): void {
    const { target, commandId } = one.command
    const refusal = new InvalidEventError(target, 'an event as its schema says', 'another')
    const reply = (answer: Reply) => {
      if (answer.ok || answer.error !== refusal) {
        if (answer.ok || !AGAIN.has(answer.error.code))
          this.#site.fail(`${commandId} was refused at the door, and answered ${JSON.stringify(answer)}`)
      } else one.refused = true
    }
    this.#site.streams.publish(commandId, {
      command: one.command,
      refusal,
      ...(one.isUnheard ? {} : { reply }),
    })
  }

  #hear(one: Given, reply: Reply, asked: Pick<Answer, 'sentStep' | 'process'>): void {
    const { scheduler, random, trace, fail } = this.#site
    const { id } = one.order
    if (reply.ok) {
      if (!('applied' in reply)) return fail(`${id} was answered as if it were about a letter`)
      const { position, duplicate, created, seq, snapshot } = reply.applied
      const { value, context, status } = snapshot
      trace(`client: ${id} at ${position}${duplicate ? ' again' : ''}`)
      const answer = {
        ...asked,
        step: scheduler.steps,
        position,
        duplicate,
        ...('start' in one.order.wish ? { created } : {}),
        seen: { seq, value, context, status },
      }
      // Refused before its actor was there, it was asked again.
      if (one.refused === 'NotFound') delete one.refused
      one.answers.push(answer)
      return this.#site.answered(one, answer)
    }
    const { code } = reply.error
    trace(`client: ${id}: ${code}`)
    if (AGAIN.has(code)) {
      if (one.answers.length === 0) scheduler.schedule(random.between(1, 400), () => this.#give(one))
    } else if (one.answers.length > 0 || !REFUSALS.has(code))
      fail(`${id} to ${one.address} was answered before and is now refused: ${reply.error.message}`)
    // Another copy of it may be stepped still, or was, and nobody heard: then there is no saying.
    else if (this.#unheard(one) > 0) one.abandoned = true
    else one.refused = code
  }
}

function commandOf({ id: commandId, wish }: Order, target: string): Command {
  if ('start' in wish) return { kind: 'start', commandId, target, input: wish.start }
  const delay = 'delayMs' in wish && wish.delayMs !== undefined ? { delayMs: wish.delayMs } : {}
  return { kind: 'message', commandId, target, event: wish.event, ...delay }
}
