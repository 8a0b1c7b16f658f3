/**
 * Answers on their way out. Small ones to one client that are given in one turn leave as one message, in order; large
 * ones leave alone, in as many parts as it takes, and never before what was given earlier.
 *
 * Only who asks under a token of our own kind reads bundles: others are answered one by one.
 */
import { headers, type NatsConnection } from '@nats-io/transport-node'
import type { Clock } from '../../actors/clock.js'
import { type BundledAnswer, bundledBytes, packBundle } from './bundle.js'

export const PART = 'Perdure-Part'
export const PARTS = 'Perdure-Parts'
/** What a token begins with of whoever reads bundles; and, alone, the token that bundles come to. */
export const BUNDLE_TOKEN = '+'
/** Of a message's size, left for its headers. */
const HEADROOM_BYTES = 4_096
/** What is larger gains nothing by company. */
const SMALL_BYTES_MAX = 16 * 1024

interface Bundle {
  readonly answers: BundledAnswer[]
  bytes: number
}

export class OutgoingAnswers {
  readonly #nc: NatsConnection
  readonly #clock: Clock
  readonly #partBytes: number
  /** By the client's subject before its tokens. */
  readonly #bundles = new Map<string, Bundle>()
  #isDue = false

  constructor(nc: NatsConnection, clock: Clock) {
    this.#nc = nc
    this.#clock = clock
    this.#partBytes = (nc.info?.max_payload ?? 1024 * 1024) - HEADROOM_BYTES
  }

  /** Whoever is not there any more does not get it. */
  send(subject: string, body: Uint8Array): void {
    if (this.#nc.isClosed()) return
    const dot = subject.lastIndexOf('.')
    if (subject[dot + 1] !== BUNDLE_TOKEN) return this.#sendAlone(subject, body)
    const to = subject.slice(0, dot)
    if (body.length > SMALL_BYTES_MAX) {
      this.#flush(to)
      return this.#sendAlone(subject, body)
    }
    this.#gather(to, { token: subject.slice(dot + 1), body })
  }

  #gather(to: string, answer: BundledAnswer): void {
    const bytes = bundledBytes(answer)
    let bundle = this.#bundles.get(to)
    if (bundle !== undefined && bundle.bytes + bytes > this.#partBytes) {
      this.#flush(to)
      bundle = undefined
    }
    if (bundle === undefined) {
      bundle = { answers: [], bytes: 0 }
      this.#bundles.set(to, bundle)
    }
    bundle.answers.push(answer)
    bundle.bytes += bytes
    if (this.#isDue) return
    this.#isDue = true
    this.#clock.soon(() => {
      this.#isDue = false
      for (const client of [...this.#bundles.keys()]) this.#flush(client)
    })
  }

  #flush(to: string): void {
    const bundle = this.#bundles.get(to)
    this.#bundles.delete(to)
    if (bundle === undefined || this.#nc.isClosed()) return
    const [only] = bundle.answers
    if (bundle.answers.length === 1) this.#nc.publish(`${to}.${only!.token}`, only!.body)
    else this.#nc.publish(`${to}.${BUNDLE_TOKEN}`, packBundle(bundle.answers))
  }

  #sendAlone(subject: string, body: Uint8Array): void {
    if (body.length <= this.#partBytes) return this.#nc.publish(subject, body)
    const parts = Math.ceil(body.length / this.#partBytes)
    for (let part = 0; part < parts; part++) {
      const head = headers()
      head.set(PART, String(part))
      head.set(PARTS, String(parts))
      this.#nc.publish(subject, body.subarray(part * this.#partBytes, (part + 1) * this.#partBytes), {
        headers: head,
      })
    }
  }
}
