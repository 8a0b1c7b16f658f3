/**
 * Shows chosen actors of a running runtime to whoever looks.
 *
 * Owns: who looks, who is shown, and that each viewer gets the present first, then what happens, in order.
 * Does not own sockets' coming and going (inspect-server.ts, inspect-client.ts), nor what is said (story.ts).
 *
 * Invariants
 * 1. While nobody looks, nothing is read, followed or kept.
 * 2. The engine never waits: a step is told from memory, after its commit, and each viewer's queue is bounded.
 * 3. Whatever leaves has passed the veil.
 */
import type { WebSocket } from 'ws'
import type { Address } from '../../actors/address.js'
import type { Clock } from '../../actors/clock.js'
import { toErrorValue } from '../../actors/codec.js'
import type { Limits } from '../../actors/limits.js'
import { entriesOf, lifeAfter, lifeAt } from '../commit/history.js'
import type { FollowedStep } from '../dispatch/followers.js'
import type { HostLogger } from '../shard-host-options.js'
import type { Bindings } from '../step/bindings.js'
import type { Life } from '../step/life.js'
import { Cast } from './cast.js'
import type { Inspection } from './options.js'
import { isMessage, type Message } from './protocol.js'
import type { InspectSource } from './source.js'
import { farewellOf, messagesOf, pictureOf, type Told } from './story.js'
import { Veil } from './veil.js'
import { Viewer } from './viewer.js'

/** The runtime that is inspected. */
export interface InspectSite {
  readonly source: InspectSource
  readonly bindings: Bindings
  readonly clock: Clock
  readonly limits: Limits
  readonly logger: HostLogger
}

/** Closed so that the viewer comes again later. */
const TRY_AGAIN = 1013

export class Inspector {
  readonly #inspection: Inspection
  readonly #site: InspectSite
  readonly #veil: Veil
  readonly #viewers = new Map<WebSocket, Viewer>()
  /** What other programs said of their actors, newest last. */
  readonly #relayed: string[] = []
  #cast: Cast | undefined
  #unfollow = () => {}

  constructor(inspection: Inspection, site: InspectSite) {
    this.#inspection = inspection
    this.#site = site
    this.#veil = new Veil(inspection, site.limits.inspectMessageBytesMax, (facts, message) =>
      site.logger.warn(facts, message),
    )
  }

  /** A viewer is connected: it is shown the present, then all that happens, until its socket closes. */
  join(socket: WebSocket): void {
    const { limits, logger } = this.#site
    if (this.#viewers.size >= limits.inspectViewersMax) {
      socket.close(TRY_AGAIN, `${limits.inspectViewersMax} viewers look already`)
      return
    }
    const viewer = new Viewer(socket, limits.inspectWaitingBytesMax, missed => this.#catchUp(viewer, missed))
    try {
      this.#cast ??= this.#begin()
      for (const message of this.#past(this.#cast)) viewer.show(this.#veil.text(message))
    } catch (error) {
      logger.warn({ error: toErrorValue(error) }, 'an inspector cannot show the present')
      socket.close(TRY_AGAIN, 'the runtime cannot be read')
      if (this.#viewers.size === 0) this.#end()
      return
    }
    for (const text of this.#relayed) viewer.show(text)
    this.#viewers.set(socket, viewer)
    socket.on('message', data => this.#relay(socket, String(data)))
    socket.on('close', () => {
      this.#viewers.delete(socket)
      if (this.#viewers.size === 0) this.#end()
    })
  }

  #begin(): Cast {
    const { source, limits } = this.#site
    const stops = [
      source.onEveryStep(step => this.#onStep(step)),
      source.onLeave(hasLeft => this.#onLeave(hasLeft)),
    ]
    this.#unfollow = () => {
      for (const stop of stops) stop()
    }
    return new Cast(this.#inspection, {
      read: address => source.read(address),
      list: (query, limit) => source.list(query, limit),
      actorsMax: limits.inspectActorsMax,
    })
  }

  #end(): void {
    this.#unfollow()
    this.#unfollow = () => {}
    this.#cast = undefined
  }

  #onStep(step: FollowedStep): void {
    const seen = this.#cast?.note(step)
    if (seen === undefined) return
    const messages =
      'arrived' in seen
        ? seen.arrived.flatMap(life => pictureOf(life, this.#veil, false))
        : messagesOf({ ...step, before: seen.before, past: false }, this.#veil)
    this.#tell(messages)
  }

  #onLeave(hasLeft: (address: Address) => boolean): void {
    const at = this.#site.clock.now()
    this.#tell((this.#cast?.leave(hasLeft) ?? []).flatMap(life => farewellOf(life, at, this.#veil)))
  }

  #tell(messages: readonly Message[]): void {
    for (const message of messages) {
      const text = this.#veil.text(message)
      for (const viewer of this.#viewers.values()) viewer.tell(text)
    }
  }

  /** What a viewer is shown first: everyone as they were some entries ago, and what happened since. */
  #past(cast: Cast): Message[] {
    const { history } = this.#inspection
    const stories = [...cast.lives()].map(
      life => (history === 0 ? undefined : this.#storyOf(life)) ?? { from: life, steps: [] },
    )
    return [
      ...stories.flatMap(({ from }) => (from === undefined ? [] : pictureOf(from, this.#veil, true))),
      ...stories
        .flatMap(({ steps }) => steps)
        .sort((a, b) => a.entry.position - b.entry.position)
        .flatMap(told => messagesOf(told, this.#veil)),
    ]
  }

  /** The last entries of an actor; undefined when they are kept no longer. */
  #storyOf({ record }: Life): { from: Life | undefined; steps: readonly Told[] } | undefined {
    const { source, bindings, limits } = this.#site
    const journal = source.journalOf(record.address)
    if (journal === undefined) return undefined
    const base = Math.max(0, record.seq - this.#inspection.history)
    const from = base === 0 ? undefined : lifeAt(record.address, base, journal, bindings, limits)
    if (base > 0 && from?.record.seq !== base) return undefined
    const steps: Told[] = []
    let life = from
    for (const entry of entriesOf(journal, record.address, base, limits)) {
      const before = entry.seq === 1 ? undefined : life
      life = lifeAfter(life, entry, { journal, bindings, limits })
      if (life?.record.seq !== entry.seq) return undefined
      steps.push({ before, entry, life, past: true })
    }
    return { from, steps }
  }

  #catchUp(viewer: Viewer, missed: number): void {
    for (const life of this.#cast?.lives() ?? [])
      for (const message of pictureOf(life, this.#veil, false))
        viewer.show(this.#veil.text({ ...message, perdure: { ...message.perdure, missed } }))
  }

  /** What another program says of its actors goes to everyone else, as with Stately's own relay. */
  #relay(from: WebSocket, text: string): void {
    if (!isMessage(parsed(text))) return
    this.#relayed.push(text)
    if (this.#relayed.length > this.#site.limits.inspectRelayedMax) this.#relayed.shift()
    for (const [socket, viewer] of this.#viewers) if (socket !== from) viewer.tell(text)
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
