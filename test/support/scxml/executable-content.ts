/**
 * SCXML's executable content as XState actions.
 */
import { assign, cancel, enqueueActions, log, raise, sendParent, sendTo, stateIn } from 'xstate'
import { childrenNamed, type Element } from './element.js'
import type { DataModel, Given } from './expressions.js'
import { eventType, stateId } from './names.js'
import { NotConvertible } from './not-convertible.js'

type Action = unknown
type Evaluate = (given: Given) => unknown

/** The actions of all elements in a block. */
export function actionsOf(elements: readonly Element[], data: DataModel): Action[] {
  return elements.map(element => actionOf(element, data))
}

function actionOf(element: Element, data: DataModel): Action {
  const { name, attributes, text } = element
  switch (name) {
    case 'raise':
      return raise({ type: eventType(attributes.event!) })
    case 'log':
      return log(
        (given: unknown) => data.expression(attributes.expr ?? 'undefined')(given as Given),
        attributes.label,
      )
    case 'assign':
      return assign(data.assignment(attributes.location!, valueIn(attributes.expr ?? text, data)) as never)
    case 'script':
      if (attributes.src !== undefined) throw new NotConvertible('<script src>')
      return assign(data.script(text) as never)
    case 'cancel':
      return cancel((attributes.sendid ?? textOf(attributes.sendidexpr!, data)) as never)
    case 'send':
      return send(element, data)
    case 'if':
      return branches(element, data)
    case 'foreach':
      return loop(element, data)
    default:
      throw new NotConvertible(`<${name}>`)
  }
}

function valueIn(source: string, data: DataModel): (given: Given, extra?: object) => unknown {
  const evaluate = data.expression(source === '' ? 'undefined' : source)
  return (given, extra) => evaluate(given, extra as Record<string, unknown>)
}

function textOf(source: string, data: DataModel): Evaluate {
  const evaluate = data.expression(source)
  return given => String(evaluate(given))
}

function send(element: Element, data: DataModel): Action {
  const { attributes } = element
  refuseSend(attributes)
  const event = sentEvent(element, data)
  const { delay, delayexpr, id, target, targetexpr } = attributes
  const wait =
    delayexpr === undefined ? (delay === undefined ? undefined : milliseconds(delay)) : given(delayexpr)
  const options = { ...(id !== undefined && { id }), ...(wait !== undefined && { delay: wait }) } as never
  function given(source: string): Evaluate {
    const evaluate = textOf(source, data)
    return each => milliseconds(evaluate(each) as string)
  }
  if (target === '#_internal') return raise(event as never, options)
  if (target === '#_parent') return sendParent(event as never, options)
  if (targetexpr === undefined && isSelf(target)) return sendTo(({ self }) => self, event as never, options)
  if (target !== undefined) return sendTo(target.replace(/^#_/, ''), event as never, options)
  const find = data.expression(targetexpr!)
  const to = (args: Given & { self: unknown }) => {
    const found = find(args) as string | undefined
    return isSelf(found) ? args.self : found
  }
  return sendTo(to as never, event as never, options)
}

function refuseSend({ type, target, idlocation }: Element['attributes']): void {
  if (type?.includes('BasicHTTP') && target !== undefined) throw new NotConvertible('HTTP')
  if (idlocation !== undefined) throw new NotConvertible('<send idlocation>')
}

function isSelf(target: string | undefined): boolean {
  return target === undefined || target === '' || target.startsWith('#_scxml_')
}

function sentEvent(element: Element, data: DataModel): (given: Given) => object {
  const { event, eventexpr } = element.attributes
  const name: Evaluate = eventexpr === undefined ? () => event : data.expression(eventexpr)
  const payload = payloadOf(element, data)
  return given => {
    const sent = payload(given)
    return { type: eventType(String(name(given))), ...(sent !== undefined && { data: sent }) }
  }
}

/** What `param`, `namelist` and `content` come to; undefined when there are none. */
export function payloadOf(element: Element, data: DataModel): Evaluate {
  const names = (element.attributes.namelist ?? '').split(/\s+/).filter(Boolean)
  const fields = [
    ...names.map(name => [name, data.expression(name)] as const),
    ...childrenNamed(element, 'param').map(
      ({ attributes: { name, expr, location } }) => [name!, data.expression((expr ?? location)!)] as const,
    ),
  ]
  const [content] = childrenNamed(element, 'content')
  if (content !== undefined) {
    if (content.children.length > 0) throw new NotConvertible('XML as <content>')
    const { expr } = content.attributes
    return expr === undefined ? () => literal(content.text) : data.expression(expr)
  }
  if (fields.length === 0) return () => undefined
  return given => Object.fromEntries(fields.map(([name, evaluate]) => [name, evaluate(given)]))
}

/** Text is what it says, unless it is JSON. */
function literal(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text.replace(/\s+/g, ' ')
  }
}

function milliseconds(text: string): number {
  const [, amount = '0', unit = 'ms'] = /^\s*([\d.]+)\s*(m?s)?\s*$/.exec(text) ?? []
  return Number(amount) * (unit === 's' ? 1000 : 1)
}

type Condition = (given: Given, extra?: Readonly<Record<string, unknown>>) => unknown

interface Enqueuing extends Given {
  readonly check: (guard: unknown) => boolean
  readonly enqueue: (action: unknown) => void
}

/** `if`: its children up to the first `elseif` or `else`, then theirs. */
function branches(element: Element, data: DataModel): Action {
  const parts: { when: Condition; inside: Element[] }[] = [
    { when: data.expression(element.attributes.cond!), inside: [] },
  ]
  for (const child of element.children)
    if (child.name === 'elseif') parts.push({ when: data.expression(child.attributes.cond!), inside: [] })
    else if (child.name === 'else') parts.push({ when: () => true, inside: [] })
    else parts.at(-1)!.inside.push(child)
  const compiled = parts.map(({ when, inside }) => ({ when, actions: actionsOf(inside, data) }))
  return enqueueActions((({ context, event, enqueue, check }: Enqueuing) => {
    const In = (id: string) => check(stateIn(`#${stateId(id)}`))
    const taken = compiled.find(({ when }) => when({ context, event }, { In }))
    for (const action of taken?.actions ?? []) enqueue(action)
  }) as never)
}

function loop(element: Element, data: DataModel): Action {
  const { array, item, index } = element.attributes
  const items = data.expression(array!)
  const body = actionsOf(element.children, data)
  return enqueueActions((({ context, event, enqueue }: Enqueuing) => {
    // A copy: what the body does to the array does not change the round.
    const all = [...(items({ context, event }) as readonly unknown[])]
    all.forEach((value, at) => {
      enqueue(assign({ [item!]: value, ...(index !== undefined && { [index]: at }) } as never))
      for (const action of body) enqueue(action)
    })
  }) as never)
}
