/**
 * One actor's causes and consequences as OpenTelemetry spans, across processes and crashes: `send` (who sent a
 * command from outside waits), `apply` (a step, from its beginning until it is durable), `run` (an attempt of
 * an activity).
 *
 * The context of an `apply` goes into the command before it is stepped, and from there, by the step alone, into
 * what the step sends, sets and invokes. So it is in the journal with them, and whatever process goes on with
 * them goes on with the trace. What carries no context begins none, but for what comes from outside.
 *
 * Owns no SDK and no exporter: those are the user's. Invariant: whatever they throw, steps, commits and attempts
 * go on, without a span; it is said once.
 */
import {
  trace as api,
  type Context,
  context,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  type SpanOptions,
  SpanStatusCode,
  type Tracer,
} from '@opentelemetry/api'
import { idOf } from '../../../actors/address.js'
import { toErrorValue } from '../../../actors/codec.js'
import type { Command, Outcome } from '../../../actors/command.js'
import type { AppliedCommand } from '../../../actors/inbox.js'
import { type AttemptOrder, idempotencyKeyOf } from '../../dispatch/attempt.js'
import type { Application } from '../../step/application.js'
import { carrying } from '../../step/carried-trace.js'
import type { Life } from '../../step/life.js'
import { formatTrace, parseTrace } from './trace-context.js'

/** A span that has begun, and the context that what it causes carries. */
export interface Traced {
  readonly span: Span
  readonly carried: string | undefined
}

export class Tracing {
  readonly #tracer: Tracer
  readonly #onFault: (error: unknown) => void
  #hasFailed = false

  /** @param onFault told of the first that the tracer, or what stands behind it, throws. */
  constructor(tracer: Tracer, onFault: (error: unknown) => void = () => {}) {
    this.#tracer = tracer
    this.#onFault = onFault
  }

  /** Sends a command from outside: a part of what the caller is doing, or else of what the command came with. */
  async sending(
    command: Command,
    submit: (command: Command) => Promise<AppliedCommand>,
  ): Promise<AppliedCommand> {
    const traced = this.#safely(() => {
      const active = context.active()
      const parent = api.getSpan(active) === undefined ? contextOf(command.trace) : undefined
      return this.#begin(`send ${nameOf(command)}`, SpanKind.CLIENT, parent ?? active, command)
    })
    if (traced === undefined) return submit(command)
    const { span, carried } = traced
    try {
      const applied = await submit(carrying(command, carried))
      this.#safely(() =>
        span.setAttributes({
          'perdure.seq': applied.seq,
          'perdure.position': applied.position,
          'perdure.duplicate': applied.duplicate,
        }),
      )
      return applied
    } catch (error) {
      this.#safely(() => fail(span, toErrorValue(error).message))
      throw error
    } finally {
      this.end(span)
    }
  }

  /** A step of a command; undefined when it carries no context. */
  step(command: Command, before: Life | undefined): Traced | undefined {
    const parent = contextOf(command.trace ?? recovered(command, before))
    if (parent === undefined) return undefined
    const kind = command.sender === undefined ? SpanKind.SERVER : SpanKind.CONSUMER
    return this.#safely(() => this.#begin(`apply ${nameOf(command)}`, kind, parent, command))
  }

  /** What came of a step, for when it is durable. */
  note(span: Span, application: Application): void {
    this.#safely(() => note(span, application))
  }

  end(span: Span): void {
    this.#safely(() => span.end())
  }

  /** A step whose commit did not become durable: it came to nothing. */
  endLost(span: Span, reason: string): void {
    this.#safely(() => {
      span.setAttribute('perdure.outcome', 'lost')
      fail(span, reason)
    })
    this.end(span)
  }

  /** An attempt of an activity; undefined when what started it carried no context. */
  attempt({ token, src, trace }: AttemptOrder): Traced | undefined {
    const parent = contextOf(trace)
    if (parent === undefined) return undefined
    const { type } = idOf(token.actor)
    const attributes = {
      'perdure.actor.id': token.actor,
      'perdure.actor.type': type,
      'perdure.activity.src': src,
      'perdure.activity.id': token.id,
      'perdure.attempt': token.attempt,
      'perdure.idempotency_key': idempotencyKeyOf(token),
    }
    return this.#safely(() =>
      this.#open(`run ${type}/${src}`, { kind: SpanKind.INTERNAL, attributes }, parent),
    )
  }

  endAttempt(span: Span, outcome: Outcome | 'cancelled'): void {
    this.#safely(() => {
      span.setAttribute('perdure.outcome', outcome === 'cancelled' ? outcome : outcome.status)
      if (outcome !== 'cancelled' && outcome.status === 'error') fail(span, outcome.error.message)
    })
    this.end(span)
  }

  /** Calls a function so that the spans it makes are below the one given, and below nothing else when none is. */
  within<Result>(span: Span | undefined, call: () => Result): Result {
    let isCalled = false
    const called = () => {
      isCalled = true
      return call()
    }
    try {
      return context.with(span === undefined ? ROOT_CONTEXT : api.setSpan(ROOT_CONTEXT, span), called)
    } catch (error) {
      if (isCalled) throw error
      this.#noteFault(error)
      return call()
    }
  }

  #begin(name: string, kind: SpanKind, parent: Context, command: Command): Traced {
    const attributes = {
      'perdure.actor.id': command.target,
      'perdure.actor.type': idOf(command.target).type,
      'perdure.command.id': command.commandId,
      'perdure.command.kind': command.kind,
      'perdure.event': eventOf(command),
    }
    return this.#open(name, { kind, attributes }, parent)
  }

  #open(name: string, options: SpanOptions, parent: Context): Traced {
    const span = this.#tracer.startSpan(name, options, parent)
    return { span, carried: formatTrace(span.spanContext()) }
  }

  #safely<Result>(call: () => Result): Result | undefined {
    try {
      return call()
    } catch (error) {
      this.#noteFault(error)
      return undefined
    }
  }

  #noteFault(error: unknown): void {
    if (this.#hasFailed) return
    this.#hasFailed = true
    this.#onFault(error)
  }
}

function contextOf(carried: string | undefined): Context | undefined {
  const parent = carried === undefined ? undefined : parseTrace(carried)
  return parent && api.setSpanContext(ROOT_CONTEXT, parent)
}

/** A recovery is of all that an actor had begun: it is shown where the oldest of that was. */
function recovered(command: Command, before: Life | undefined): string | undefined {
  if (command.kind !== 'operator' || command.order.type !== 'recover') return undefined
  const { until } = command.order
  return before?.record.invocations.find(one => one.position <= until && one.trace !== undefined)?.trace
}

function nameOf(command: Command): string {
  return `${idOf(command.target).type}/${eventOf(command)}`
}

/** What stands for the command where an event's type would stand. */
function eventOf(command: Command): string {
  if (command.kind === 'message') return command.event.type
  return command.kind === 'operator' ? `$${command.order.type}` : `$${command.kind}`
}

function note(span: Span, application: Application): void {
  if (application.kind !== 'applied') {
    span.setAttribute('perdure.outcome', application.kind)
    if (application.kind === 'refused' || application.kind === 'stillborn')
      fail(span, application.error.message)
    return
  }
  const { outcome, seq, position, error } = application.entry
  span.setAttributes({ 'perdure.outcome': outcome, 'perdure.seq': seq, 'perdure.position': position })
  if (error !== undefined) fail(span, error.message)
}

function fail(span: Span, message: string): void {
  span.setStatus({ code: SpanStatusCode.ERROR, message })
}
