/**
 * W3C trace context as a command carries it: a `traceparent`, and after a space the `tracestate`, if any.
 * What comes from outside and is not of this form is no context at all; nobody is refused for it.
 */
import { createTraceState, isSpanContextValid, type SpanContext } from '@opentelemetry/api'

/** Of tracestate, W3C asks for at least 512 characters to be passed on; no more is. */
const CARRIED = /^(?!ff)[\da-f]{2}-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(?: ([\x20-\x7e]{1,512}))?$/

/** @returns undefined for the context of a span that no tracer recorded or passed on */
export function formatTrace(of: SpanContext): string | undefined {
  if (!isSpanContextValid(of)) return undefined
  const flags = of.traceFlags.toString(16).padStart(2, '0')
  const parent = `00-${of.traceId}-${of.spanId}-${flags}`
  const state = of.traceState?.serialize() ?? ''
  return state === '' || state.length > 512 ? parent : `${parent} ${state}`
}

export function parseTrace(carried: string): SpanContext | undefined {
  const [, traceId, spanId, flags, state] = CARRIED.exec(carried) ?? []
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined
  const context: SpanContext = {
    traceId,
    spanId,
    traceFlags: Number.parseInt(flags, 16),
    isRemote: true,
    ...(state === undefined ? {} : { traceState: createTraceState(state) }),
  }
  return isSpanContextValid(context) ? context : undefined
}
