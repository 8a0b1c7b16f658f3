/**
 * What a journal says happened, read from outside, when the runtime is gone: which commands were applied and
 * how often, how each order ended, and what its published entries were.
 *
 * The digest is of the canonical outcome: each order's final state, output and entries in their order,
 * without times; orders sorted by id. How commands of different orders interleaved, how often an activity
 * was tried and when anything was committed do not enter, so a run that was killed has the digest of one
 * that was not.
 */
import { createHash } from 'node:crypto'
import { idOf, rootOf } from '../../actors/address.js'
import { behaviour } from '../../actors/definition.js'
import { digest } from '../../actors/digest.js'
import type { Journal } from '../../actors/journal.js'
import { limits } from '../../actors/limits.js'
import { noServices } from '../../machines/lifecycles/order-activities.js'
import { orderV1 } from '../../machines/lifecycles/order-actors.js'
import type { OrderEntry, OrderPayment } from '../../machines/lifecycles/order-events.js'
import { paymentsIn } from './money.js'
import { orderState } from './order-state.js'
import { reviewAnswerId } from './reviewer.js'

export interface JournalFindings {
  /** Orders' final states, by order id, sorted. */
  readonly states: ReadonlyMap<string, string>
  /** What each order that was bought came to, as the shop wrote it: by order id, in the shop's currency. */
  readonly amounts: ReadonlyMap<string, number>
  /** Acknowledged commands that are not there. */
  readonly lost: number
  /** Commands that are there more than once, or that nobody sent. */
  readonly surplus: number
  readonly digest: string
  readonly bytes: number
}

/** `acknowledged`: how many commands of each order were acknowledged, which are numbered from 1. */
export function auditJournal(journal: Journal, acknowledged: ReadonlyMap<string, number>): JournalFindings {
  const {
    type,
    [behaviour]: { logic },
  } = orderV1(noServices)
  const commands = new CommandCount(acknowledged)
  const published = new Map<string, string>()
  const amounts = new Map<string, number>()
  for (const { entries, published: events } of journal.commits(0)) {
    for (const { address, command } of entries)
      if (command.kind === 'message' && command.sender === undefined)
        commands.add(idOf(address).key, command.commandId)
    for (const { address, event } of events) {
      const { timestamp: _, ...entry } = event
      if (entry.type === 'RAW')
        amounts.set(
          idOf(address).key,
          paymentsIn((entry as unknown as OrderEntry).payload.payments as readonly OrderPayment[]),
        )
      published.set(address, digest([published.get(address), entry]))
    }
  }
  const states = new Map<string, string>()
  const hash = createHash('sha256')
  for (const { address, value } of actorsOf(journal, type)) {
    const state = journal.read(address)!.record.state
    states.set(idOf(address).key, orderState(value))
    hash.update(digest([address, value, logic.snapshot(logic.decode(state)).output, published.get(address)]))
  }
  return { states, amounts, ...commands.result, digest: hash.digest('hex'), bytes: journal.bytes() }
}

/** Root actors of a type, sorted. */
function* actorsOf(journal: Journal, type: string) {
  let after: string | undefined
  for (;;) {
    const page = journal.list({ type, limit: limits.pageRowsMax, ...(after === undefined ? {} : { after }) })
    // Their children are listed under the same type.
    yield* page.filter(({ address }) => rootOf(address) === address)
    if (page.length < limits.pageRowsMax) return
    after = page.at(-1)!.address
  }
}

/** Counts how often each acknowledged command was applied. */
class CommandCount {
  readonly #times = new Map<string, number[]>()
  readonly #acknowledged: ReadonlyMap<string, number>
  readonly #reviewed = new Set<string>()
  #strange = 0

  constructor(acknowledged: ReadonlyMap<string, number>) {
    this.#acknowledged = acknowledged
  }

  add(orderId: string, commandId: string): void {
    if (commandId === reviewAnswerId(orderId) && !this.#reviewed.has(orderId)) {
      this.#reviewed.add(orderId)
      return
    }
    const nth = Number(commandId.slice(orderId.length + 1))
    if (
      !commandId.startsWith(`${orderId}:`) ||
      !(nth >= 1 && nth <= (this.#acknowledged.get(orderId) ?? 0))
    ) {
      this.#strange++
      return
    }
    const times = this.#times.get(orderId) ?? []
    times[nth - 1] = (times[nth - 1] ?? 0) + 1
    this.#times.set(orderId, times)
  }

  get result(): { lost: number; surplus: number } {
    let [lost, surplus] = [0, this.#strange]
    for (const [orderId, count] of this.#acknowledged) {
      const times = this.#times.get(orderId) ?? []
      for (let index = 0; index < count; index++) {
        const found = times[index] ?? 0
        if (found === 0) lost++
        else surplus += found - 1
      }
    }
    return { lost, surplus }
  }
}
