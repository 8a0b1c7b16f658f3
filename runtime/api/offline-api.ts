/**
 * The reading half of `Api` over a journal at rest: what is asked when no runtime runs on a data directory.
 *
 * Writes nothing, and runs no user code unless it is given definitions; with them, states of the past can be
 * folded again. Without them, a state is shown as its logic stored it. Every verb that would change something
 * or wait for a change is refused, `Unavailable`. Does not own the journal: who opened it closes it.
 */
import { type Address, idOf } from '../../actors/address.js'
import type { Clock } from '../../actors/clock.js'
import type { ActorEvent } from '../../actors/command.js'
import type { JournalEntry } from '../../actors/commit.js'
import { UnavailableError } from '../../actors/errors.js'
import type { Journal } from '../../actors/journal.js'
import type { Limits } from '../../actors/limits.js'
import type { Bindings } from '../step/bindings.js'
import type {
  ActorView,
  Api,
  AskReply,
  BackupReply,
  DeadLetterView,
  Description,
  HistoryRequest,
  ListedView,
  ListRequest,
  PublishedPage,
  PublishedRequest,
  ReceiptReply,
  RetryReply,
  StartReply,
  Stats,
  TellReply,
  TypeView,
} from './api.js'
import { assertNoneElsewhere } from './history-here.js'
import { counted, listed } from './listing.js'
import { offlineView } from './offline-view.js'
import { publishedPage } from './published-page.js'
import { letterView, typeView } from './views.js'

export interface OfflineSite {
  readonly journal: Journal
  /** Absolute path of the data directory. */
  readonly path: string
  readonly clock: Clock
  readonly limits: Limits
  /** The version of Perdure that reads. */
  readonly perdure: string
  /** What the definitions at hand say, if there are any. */
  readonly bindings: Bindings | undefined
  /** Of a runtime that has the directory all the same, and cannot be reached. */
  readonly holderPid?: number | undefined
}

export class OfflineApi implements Api {
  readonly #site: OfflineSite

  constructor(site: OfflineSite) {
    this.#site = site
  }

  async describe(): Promise<Description> {
    const { journal, path, perdure, holderPid } = this.#site
    return {
      perdure,
      mode: 'offline',
      path,
      pid: holderPid,
      startedAt: undefined,
      position: journal.position,
      types: this.#types(),
    }
  }

  async stats(): Promise<Stats> {
    const { journal } = this.#site
    return {
      position: journal.position,
      bytes: journal.bytes(),
      actors: journal.counts(),
      deadLetters: journal.countDeadLetters(),
    }
  }

  async get(request: { address: Address; atSeq?: number }): Promise<ActorView | undefined> {
    const { journal, limits, bindings } = this.#site
    return offlineView(request.address, request.atSeq, { journal, limits, bindings })
  }

  async history({ address, after = 0, limit }: HistoryRequest): Promise<readonly JournalEntry[]> {
    const { journal } = this.#site
    const entries = journal.entries(address, after, this.#rows(limit))
    if (entries.length === 0) assertNoneElsewhere(address, after, journal)
    return entries
  }

  async published(request: PublishedRequest): Promise<PublishedPage> {
    const { journal, bindings, clock, limits } = this.#site
    if (bindings === undefined)
      throw new UnavailableError(
        'what it published has to be made again from its history, which takes the definition of ' +
          `'${idOf(request.address).type}': give the module with --actors, or ask a running runtime`,
        request.address,
        false,
      )
    return publishedPage(request, { journal: () => journal, bindings, clock, limits })
  }

  async list(request: ListRequest): Promise<readonly ListedView[]> {
    return listed(request, this.#site)
  }

  async count(request: Omit<ListRequest, 'after' | 'limit'>): Promise<number> {
    return counted(request, this.#site)
  }

  async deadLetters(request: { after?: string; limit?: number }): Promise<readonly DeadLetterView[]> {
    return this.#site.journal.deadLetters(request.after, this.#rows(request.limit)).map(letterView)
  }

  async deadLetter({ id }: { id: string }): Promise<DeadLetterView | undefined> {
    const letter = this.#site.journal.deadLetter(id)
    return letter && letterView(letter)
  }

  async backup({ to }: { to: string }): Promise<BackupReply> {
    const { position, bytes } = await this.#site.journal.backup(to)
    return { to, position, bytes }
  }

  start(): Promise<StartReply> {
    return this.#refuse()
  }

  tell(): Promise<TellReply> {
    return this.#refuse()
  }

  ask(): Promise<AskReply> {
    return this.#refuse()
  }

  terminate(): Promise<ReceiptReply> {
    return this.#refuse()
  }

  quarantine(): Promise<ReceiptReply> {
    return this.#refuse()
  }

  release(): Promise<ReceiptReply> {
    return this.#refuse()
  }

  complete(): Promise<ReceiptReply> {
    return this.#refuse()
  }

  beat(): Promise<ReceiptReply> {
    return this.#refuse()
  }

  select(): Promise<unknown> {
    return this.#refuse()
  }

  async *changes(): AsyncGenerator<ActorView> {
    yield await this.#refuse<ActorView>()
  }

  async *events(): AsyncGenerator<ActorEvent> {
    yield await this.#refuse<ActorEvent>()
  }

  retryDeadLetter(): Promise<RetryReply> {
    return this.#refuse()
  }

  dropDeadLetter(): Promise<ReceiptReply> {
    return this.#refuse()
  }

  async #refuse<Never>(): Promise<Never> {
    const { path, holderPid } = this.#site
    if (holderPid !== undefined)
      throw new UnavailableError(
        `a runtime runs on ${path} (pid ${holderPid}), but has no control socket: its journal can only be read from here`,
        undefined,
        false,
      )
    throw new UnavailableError(
      `no runtime answers on ${path}, and its journal at rest can only be read: start one with 'perdure start <module> --path ${path}'`,
      undefined,
      false,
    )
  }

  #rows(limit: number | undefined): number {
    const { pageRowsMax } = this.#site.limits
    return Math.min(limit ?? pageRowsMax, pageRowsMax)
  }

  /** Those that definitions are at hand for, and those the journal has actors of. */
  #types(): TypeView[] {
    const { journal, bindings } = this.#site
    const known = bindings?.types ?? []
    const found = new Set([...known, ...journal.counts().map(one => one.type)])
    return [...found].map(type =>
      bindings !== undefined && known.includes(type)
        ? typeView(bindings.current(type))
        : { type, version: undefined, previous: [], fingerprints: {}, selectors: [], kind: undefined },
    )
  }
}
