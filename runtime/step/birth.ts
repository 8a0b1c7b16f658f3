/**
 * How an actor comes to be: a root by a start or by the first message that finds nobody, a child by its parent.
 */
import { addressOf, idOf, parentOf } from '../../actors/address.js'
import { decode, encodePayload } from '../../actors/codec.js'
import type { Command, OperatorCommand, StartCommand } from '../../actors/command.js'
import { NotBornError } from '../../actors/errors.js'
import type { Application, StepSite } from './application.js'
import { isOrderFromOutside } from './apply-order.js'
import type { Birth } from './draft.js'
import type { Life } from './life.js'

/** The command that must be applied first because this one finds nobody; undefined when it must be refused. */
export function birthFor(command: Command, site: Pick<StepSite, 'bindings'>): StartCommand | undefined {
  if (command.kind !== 'message' || parentOf(command.target) !== undefined) return undefined
  const { type, key } = idOf(command.target)
  if (!site.bindings.has(type)) return undefined
  const { create } = site.bindings.current(type)
  if (command.start === undefined && create === undefined) return undefined
  const input = command.start === undefined ? decode(encodePayload(create!(key))) : command.start.input
  const { target, sender, at, trace } = command
  return {
    kind: 'start',
    commandId: `${command.commandId}.start`,
    target,
    input,
    ...(sender === undefined ? {} : { sender }),
    ...(at === undefined ? {} : { at }),
    ...(trace === undefined ? {} : { trace }),
  }
}

export function rootBirth(command: Command, site: StepSite): Birth | Application {
  if (command.kind === 'start') {
    const { type, key } = idOf(command.target)
    const version = command.version ?? site.bindings.current(type).version
    return {
      address: addressOf(type, key),
      binding: site.bindings.find(type, version, [], command.target),
      version,
      child: undefined,
      seqBefore: 0,
      atBefore: Number.NEGATIVE_INFINITY,
    }
  }
  if (command.kind === 'message' || isOrderFromOutside(command))
    return { kind: 'refused', error: new NotBornError(command.target) }
  return { kind: 'dropped' }
}

export function childBirth(before: Life | undefined, command: OperatorCommand, site: StepSite): Birth {
  const order = command.order as Extract<OperatorCommand['order'], { type: 'spawn' }>
  const { type } = idOf(command.target)
  return {
    address: command.target,
    binding: site.bindings.find(type, order.version, order.srcs, command.target),
    version: order.version,
    child: { srcs: order.srcs, token: order.token, syncSnapshot: order.syncSnapshot },
    seqBefore: before?.record.seq ?? 0,
    atBefore: before?.record.at ?? Number.NEGATIVE_INFINITY,
  }
}
