/**
 * Commands from outside: admitted at the door, sent, and waited for. What handles and the raw API have in common.
 */
import type { Address } from '../../actors/address.js'
import type { MessageCommand, OperatorCommand, OperatorOrder, StartCommand } from '../../actors/command.js'
import type { Behaviour } from '../../actors/definition.js'
import { TimeoutError } from '../../actors/errors.js'
import type { AppliedCommand } from '../../actors/inbox.js'
import { admitCommandId, admitEvent, admitInput, admitReason, admitWait } from './door.js'
import { firstSince, type Sought } from './first-state.js'
import type { ActorService } from './service.js'
import { type WaitOptions, wait } from './waiting.js'

/** Whom a command is for, and what it must pass. */
export interface Recipient {
  readonly address: Address
  readonly behaviour: Behaviour
  readonly service: ActorService
}

export interface Patience {
  /** Milliseconds; `limits.askTimeoutMs` when absent. */
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
}

/** @throws InvalidEventError, InvalidKeyError, TooLargeError */
export async function startCommand(
  to: Recipient,
  input: unknown,
  options: { id?: string; trace?: string },
): Promise<StartCommand> {
  const commandId = commandIdOf(to, options.id)
  const admitted = await admitInput(to.address, input, to.behaviour, to.service.limits)
  return { kind: 'start', commandId, target: to.address, input: admitted, ...traceOf(options.trace) }
}

export interface MessageOptions {
  readonly id?: string
  readonly start?: { readonly input: unknown }
  readonly delayMs?: number
  readonly trace?: string
}

/** @throws InvalidEventError, InvalidKeyError, TooLargeError */
export async function messageCommand(
  to: Recipient,
  event: unknown,
  options: MessageOptions,
): Promise<MessageCommand> {
  const { address, behaviour, service } = to
  const { limits } = service
  const commandId = commandIdOf(to, options.id)
  const admitted = await admitEvent(address, event, behaviour, limits)
  const start =
    options.start === undefined
      ? NONE
      : { start: { input: await admitInput(address, options.start.input, behaviour, limits) } }
  const delay =
    options.delayMs === undefined ? NONE : { delayMs: admitWait(address, 'a delay', options.delayMs, limits) }
  return {
    kind: 'message',
    commandId,
    target: address,
    event: admitted,
    ...start,
    ...delay,
    ...traceOf(options.trace),
  }
}

/** @throws InvalidEventError, TooLargeError */
export function terminateCommand(to: Recipient, reason: string): OperatorCommand {
  return order(to, { type: 'terminate', reason: admitReason(to.address, reason, to.service.limits) })
}

/** @throws InvalidEventError, TooLargeError */
export function quarantineCommand(to: Recipient, reason: string): OperatorCommand {
  return order(to, { type: 'quarantine', reason: admitReason(to.address, reason, to.service.limits) })
}

export function releaseCommand(to: Recipient): OperatorCommand {
  return order(to, { type: 'release' })
}

function order({ address, service }: Recipient, order: OperatorOrder): OperatorCommand {
  return { kind: 'operator', commandId: service.mintId(), target: address, order }
}

/** Sends it, and waits no longer than the caller would. @throws TimeoutError, and what `submit` does */
export function submitWithin(
  to: Recipient,
  command: StartCommand | MessageCommand,
  patience: Patience,
): Promise<AppliedCommand> {
  const timeoutMs = timeoutOf(to, patience)
  const waiting = waitOptions(to, patience, `'${command.kind}'`, timeoutMs, command.commandId)
  return wait<AppliedCommand>(waiting, (resolve, reject) => {
    to.service.submit(command).then(resolve, reject)
    return nothing
  })
}

/** The first state after what a command led to that fits, in what is left of the caller's patience since `began`. */
export async function firstLater<Found>(
  to: Recipient,
  applied: AppliedCommand,
  sought: Sought<Found>,
  patience: Patience & { readonly began: number },
): Promise<Found> {
  const givenMs = timeoutOf(to, patience)
  const leftMs = Math.max(0, givenMs - (to.service.clock.now() - patience.began))
  const waiting = waitOptions(to, patience, STATE, givenMs, applied.commandId)
  return firstSince(to.address, to.service, sought, { ...waiting, timeoutMs: leftMs }, applied)
}

/** The wait for a state that no command was sent for. */
export function waitForState(to: Recipient, patience: Patience): WaitOptions {
  return waitOptions(to, patience, STATE, timeoutOf(to, patience))
}

const STATE = 'the wait for a state'
const nothing = () => {}
/** Spread where there is nothing to add. */
const NONE = {}

function waitOptions(
  { address, service }: Recipient,
  { signal }: Patience,
  what: string,
  timeoutMs: number,
  commandId?: string,
): WaitOptions {
  return {
    clock: service.clock,
    timeoutMs,
    signal,
    onEnd: listener => service.onEnd(listener),
    timedOut: () => new TimeoutError(address, what, timeoutMs, commandId),
  }
}

function timeoutOf({ address, service }: Recipient, { timeoutMs }: Patience): number {
  return timeoutMs === undefined
    ? service.limits.askTimeoutMs
    : admitWait(address, 'a time-out', timeoutMs, service.limits)
}

function commandIdOf({ address, service }: Recipient, id: string | undefined): string {
  return id === undefined ? service.mintId() : admitCommandId(address, id, service.limits)
}

function traceOf(trace: string | undefined): { trace?: string } {
  return trace === undefined ? NONE : { trace }
}
