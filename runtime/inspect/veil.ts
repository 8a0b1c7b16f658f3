/**
 * What of a message anybody may see, and its text. Whatever leaves towards a viewer passes here.
 *
 * Invariant: a sanitiser that fails shows less, never more.
 */
import type { Address } from '../../actors/address.js'
import { toErrorValue, toJson } from '../../actors/codec.js'
import type { ActorEvent } from '../../actors/command.js'
import { Reference } from '../../actors/reference.js'
import type { Inspection } from './options.js'
import type { Message } from './protocol.js'

const REDACTED = '[redacted]'

export class Veil {
  readonly #inspection: Inspection
  readonly #bytesMax: number
  readonly #warn: (facts: object, message: string) => void

  constructor(inspection: Inspection, bytesMax: number, warn: (facts: object, message: string) => void) {
    this.#inspection = inspection
    this.#bytesMax = bytesMax
    this.#warn = warn
  }

  /** The text of a message. */
  text(message: Message): string {
    const text = this.#written(message)
    if (text !== undefined && text.length <= this.#bytesMax) return text
    const why = text === undefined ? 'cannot be written as JSON' : `${text.length} characters`
    return toJson(withoutPayload(message, `[left out: ${why}]`))
  }

  context(context: unknown, address: Address): unknown {
    try {
      return this.#inspection.sanitizeContext(context, address)
    } catch (error) {
      return this.#failed(error, address)
    }
  }

  event(event: ActorEvent, address: Address): ActorEvent {
    try {
      return this.#inspection.sanitizeEvent(event, address)
    } catch (error) {
      this.#failed(error, address)
      return { type: event.type }
    }
  }

  #failed(error: unknown, address: Address): string {
    this.#warn({ actor: address, error: toErrorValue(error) }, 'a sanitiser of the inspector threw')
    return '[left out: the sanitiser threw]'
  }

  #written(message: Message): string | undefined {
    try {
      return toJson(this.#veiled(this.#redacted(message)))
    } catch {
      return undefined
    }
  }

  /** With fields hidden where payloads are; the message's own fields stay. */
  #redacted(message: Message): object {
    const { perdure } = message
    const { error } = perdure
    const shownError = error && this.event({ type: 'xstate.error', error }, perdure.address).error
    const origin = { ...perdure, error: this.#hidden(shownError) }
    const event = 'event' in message ? { event: this.#hidden(message.event) } : {}
    if (message.type === '@xstate.event') return { ...message, ...event, perdure: origin }
    const { context, output, error: failure } = message.snapshot
    const snapshot = {
      ...message.snapshot,
      context: this.#hidden(context),
      output: this.#hidden(output),
      error: this.#hidden(failure),
    }
    return { ...message, ...event, snapshot, perdure: origin }
  }

  #hidden(value: unknown): unknown {
    const { redact } = this.#inspection
    return redact.size === 0 ? value : rewritten(value, key => typeof key === 'string' && redact.has(key))
  }

  #veiled(value: unknown): unknown {
    return rewritten(value, () => false)
  }
}

/** A copy without what is undefined, and with the fields hidden that are to be. */
function rewritten(value: unknown, isHidden: (key: unknown) => boolean): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Reference) return value
  const field = (key: unknown, item: unknown) => (isHidden(key) ? REDACTED : rewritten(item, isHidden))
  if (Array.isArray(value)) return value.map(item => rewritten(item, isHidden))
  if (value instanceof Map) return new Map([...value].map(([key, item]) => [key, field(key, item)]))
  if (value instanceof Set) return new Set([...value].map(item => rewritten(item, isHidden)))
  if (value instanceof Error) return rewritten({ ...toErrorValue(value) }, isHidden)
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return value
  const entries = Object.entries(value).filter(([, item]) => item !== undefined)
  return Object.fromEntries(entries.map(([key, item]) => [key, field(key, item)]))
}

/** What is left to say when the message itself cannot be sent. */
function withoutPayload(message: Message, note: string): object {
  const { type, rootId, sessionId, createdAt, id, _version, perdure } = message
  const { address, kind, seq, position, version } = perdure
  const origin = { address, kind, seq, position, version }
  const head = { type, rootId, sessionId, createdAt, id, _version, perdure: origin }
  if (message.type === '@xstate.event') return { ...head, event: { type: message.event.type, note } }
  const { status, value = {} } = message.snapshot
  const snapshot = { status, value, context: { note } }
  if (message.type === '@xstate.actor') return { ...head, name: message.name, snapshot }
  return { ...head, event: { type: message.event.type }, snapshot }
}
