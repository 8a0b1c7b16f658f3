/**
 * The headers of a command on the wire, and the text that fits one: what is not printable ASCII, and `%`, is
 * percent-encoded as UTF-8. Names are read in any case, for clients in some languages change it.
 */

export const HEADER = {
  contentType: 'content-type',
  /** JetStream's own: the same one again, within its window, is not stored. */
  messageId: 'Nats-Msg-Id',
  commandId: 'Perdure-Command-Id',
  /** The path of a child below its root. */
  child: 'Perdure-Child',
  /** Subject for the answer. */
  reply: 'Perdure-Reply',
  /** Milliseconds. */
  delay: 'Perdure-Delay',
  /** Input to be born with: JSON as it is, msgpack as base64url. */
  start: 'Perdure-Start',
  traceparent: 'traceparent',
  tracestate: 'tracestate',
} as const

export const JSON_TYPE = 'application/json'
export const MSGPACK_TYPE = 'application/msgpack'

/** A message's headers as the NATS client gives them. */
export type RawHeaders = Iterable<readonly [name: string, values: readonly string[]]>

/** Those we read, by their own name; of one given twice, the first. */
export type HeaderFields = Readonly<Partial<Record<keyof typeof HEADER, string>>>

const FIELDS = new Map(
  Object.entries(HEADER).map(([field, name]) => [name.toLowerCase(), field as keyof typeof HEADER]),
)

export function headerFields(headers: RawHeaders | undefined): HeaderFields {
  const fields: Partial<Record<keyof typeof HEADER, string>> = {}
  for (const [name, [value]] of headers ?? []) {
    const field = FIELDS.get(name.toLowerCase())
    if (field !== undefined && value !== undefined && value !== '') fields[field] ??= value
  }
  return fields
}

export function headerText(text: string): string {
  return text.replace(/[^!-$&-~]+/g, encodeURIComponent)
}

/** Undefined when it is not well encoded. */
export function textOf(header: string): string | undefined {
  if (!header.includes('%')) return header
  try {
    return decodeURIComponent(header)
  } catch {
    return undefined
  }
}
