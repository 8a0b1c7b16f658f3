/**
 * A public request read as what is asked. What is told to the actor is the body, what is told to whoever answers is
 * a header, so that a body is the same whether it is asked or published.
 *
 * Commands are read as those of the stream are (wire/read-command.ts): whatever can be told can be asked.
 */
import type { Address } from '../../actors/address.js'
import { readAttemptToken } from '../../actors/attempt-token.js'
import type { Command } from '../../actors/command.js'
import { InvalidEventError } from '../../actors/errors.js'
import type { Limits } from '../../actors/limits.js'
import { readBody } from '../wire/body.js'
import { type HeaderFields, headerFields, type RawHeaders, textOf } from '../wire/header.js'
import { readCommand, targetOf } from '../wire/read-command.js'

export const PUBLIC_VERBS = ['ask', 'get', 'history', 'done', 'beat'] as const

export type PublicVerb = (typeof PUBLIC_VERBS)[number]

/** Whether it is asked about an attempt, by its token, and not about an actor. */
export function isAboutAttempt(verb: PublicVerb): verb is 'done' | 'beat' {
  return verb === 'done' || verb === 'beat'
}

/** As it came: subject `<name>.<verb>.<type>.<key>`, or `<name>.<verb>.<token>`. */
export interface PublicMessage {
  readonly verb: PublicVerb
  readonly subject: string
  readonly headers: RawHeaders | undefined
  readonly body: Uint8Array
}

export type PublicRequest =
  | {
      readonly verb: 'ask'
      readonly command: Command
      /** Whether the sender gave the command its id; the one it has otherwise is nobody's. */
      readonly isNamed: boolean
      readonly until?: string
      readonly timeoutMs?: number
    }
  | {
      readonly verb: 'get'
      readonly address: Address
      /** The state is not to be older than this entry. */
      readonly after?: number
      readonly atSeq?: number
      readonly timeoutMs?: number
    }
  | {
      readonly verb: 'history'
      readonly address: Address
      readonly after?: number
      readonly limit?: number
    }
  | {
      readonly verb: 'done' | 'beat'
      readonly token: string
      /** Whose attempt it is. */
      readonly address: Address
      /** The body, an object; empty for none. */
      readonly fields: Readonly<Record<string, unknown>>
    }

export interface RequestSite {
  /** Of the cluster. */
  readonly name: string
  readonly limits: Limits
}

/** Those beside a command's own, in any case. */
const OPTIONS = {
  /** A state's path, `#tag` or `done`; percent-encoded where it is not printable ASCII. */
  until: 'perdure-until',
  /** Milliseconds. */
  timeoutMs: 'perdure-timeout',
  after: 'perdure-after',
  atSeq: 'perdure-at-seq',
  limit: 'perdure-limit',
} as const

type Options = Readonly<Partial<Record<keyof typeof OPTIONS, string>>>

/** What each verb takes of them. */
const TAKEN: Readonly<Record<PublicVerb, readonly (keyof typeof OPTIONS)[]>> = {
  ask: ['until', 'timeoutMs'],
  get: ['after', 'atSeq', 'timeoutMs'],
  history: ['after', 'limit'],
  done: [],
  beat: [],
}

/** @throws PerdureError `InvalidEvent` naming what was expected and what was found. */
export function readRequest(message: PublicMessage, site: RequestSite): PublicRequest {
  const fields = headerFields(message.headers)
  if (isAboutAttempt(message.verb)) return aboutAttempt(message.verb, message, fields)
  const options = optionsOf(message)
  // As the stream of a shard would keep it; which shard is no matter here.
  const subject = `${site.name}.shard.0.${message.subject.split('.').slice(2).join('.')}`
  if (message.verb === 'ask') return askOf(message, { subject, fields, options, site })
  const target = targetOf(subject, fields, site)
  if ('refusal' in target) throw target.refusal
  const address = target.value
  const number = (name: keyof Options, least: number) => numberOf(address, options, name, least, site)
  if (message.verb === 'get')
    return { verb: 'get', address, ...number('after', 0), ...number('atSeq', 0), ...number('timeoutMs', 0) }
  return { verb: 'history', address, ...number('after', 0), ...number('limit', 1) }
}

function aboutAttempt(
  verb: 'done' | 'beat',
  { subject, body }: PublicMessage,
  { contentType }: HeaderFields,
): PublicRequest {
  const [, , token = ''] = subject.split('.')
  const { actor: address } = readAttemptToken(token)
  if (body.length === 0) return { verb, token, address, fields: {} }
  const read = readBody(body, contentType)
  if ('expected' in read) throw new InvalidEventError(address, read.expected, read.found)
  const { value } = read
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new InvalidEventError(address, `an object as the body of '${verb}'`, JSON.stringify(value))
  return { verb, token, address, fields: value as Readonly<Record<string, unknown>> }
}

interface Parts {
  readonly subject: string
  readonly fields: HeaderFields
  readonly options: Options
  readonly site: RequestSite
}

function askOf({ headers, body }: PublicMessage, { subject, fields, options, site }: Parts): PublicRequest {
  const { command, refusal } = readCommand(
    { subject, sequence: 0, headers, body },
    { name: site.name, identity: 'ask', limits: site.limits },
  )
  if (refusal !== undefined) throw refusal
  const until = untilOf(command, options)
  return {
    verb: 'ask',
    command,
    isNamed: fields.commandId !== undefined || fields.messageId !== undefined,
    ...(until === undefined ? {} : { until }),
    ...numberOf(command.target, options, 'timeoutMs', 0, site),
  }
}

function untilOf({ kind, target }: Command, { until }: Options): string | undefined {
  if (until === undefined) return undefined
  if (kind !== 'message')
    throw new InvalidEventError(target, `no Perdure-Until with a '${kind}' command`, `'${until}'`)
  const text = textOf(until)
  if (text !== undefined) return text
  throw new InvalidEventError(target, 'a Perdure-Until that is well percent-encoded', `'${until}'`)
}

function optionsOf({ verb, headers }: PublicMessage): Options {
  const options: Partial<Record<keyof typeof OPTIONS, string>> = {}
  for (const [name, [value]] of headers ?? []) {
    const option = TAKEN[verb].find(one => OPTIONS[one] === name.toLowerCase())
    if (option !== undefined && value !== undefined && value !== '') options[option] ??= value
  }
  return options
}

function numberOf<Name extends keyof Options>(
  address: Address,
  options: Options,
  name: Name,
  least: number,
  { limits }: RequestSite,
): { readonly [Key in Name]?: number } {
  const text = options[name]
  if (text === undefined) return {}
  const most = name === 'timeoutMs' ? limits.waitMsMax : Number.MAX_SAFE_INTEGER
  const number = Number(text)
  if (/^\d+$/.test(text) && number >= least && number <= most)
    return { [name]: number } as { readonly [Key in Name]?: number }
  const expected = `a ${OPTIONS[name]} that is a whole number from ${least} to ${most}`
  throw new InvalidEventError(address, expected, `'${text}'`)
}
