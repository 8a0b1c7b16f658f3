/**
 * SCXML documents as XState machines. What has no counterpart in XState is refused, never approximated.
 */
import { type AnyStateMachine, and, createMachine, not, or, stateIn } from 'xstate'
import { childrenNamed, type Element, parseXml, within } from './element.js'
import { actionsOf, payloadOf } from './executable-content.js'
import { DataModel, type Given } from './expressions.js'
import { covers, descriptors, eventType, stateId } from './names.js'
import { NotConvertible } from './not-convertible.js'

/** @throws NotConvertible naming the construct. */
export function machineFromScxml(source: string): AnyStateMachine {
  return new Conversion(parseXml(source)).machine()
}

const states = ['state', 'parallel', 'final', 'history']

class Conversion {
  readonly #document: Element
  readonly #data: DataModel
  readonly #initialData: readonly (readonly [string, (given: Given) => unknown])[]
  /** Event names anywhere in the document, in XState's form. */
  readonly #types: readonly string[]
  #unnamed = 0

  constructor(document: Element) {
    this.#document = document
    const all = within(document)
    const declared = all.filter(({ name }) => name === 'data')
    if (declared.some(({ attributes }) => attributes.src !== undefined))
      throw new NotConvertible('<data src>')
    const isCode = ({ attributes, text }: Element) => /^\s*function\b/.test(attributes.expr ?? text)
    const functions = declared
      .filter(isCode)
      .map(
        ({ attributes, text }) =>
          [attributes.id!, new Function(`return (${attributes.expr ?? text})`)()] as const,
      )
    // What is assigned without being declared is data too.
    const assigned = all.flatMap(({ name, attributes: { location, item, index } }) =>
      name === 'assign'
        ? [location!.split(/[.[]/)[0]!]
        : name === 'foreach'
          ? [item!, ...(index ? [index] : [])]
          : [],
    )
    const names = [...new Set([...declared.map(({ attributes }) => attributes.id!), ...assigned])]
    this.#data = new DataModel(names, Object.fromEntries(functions), document.attributes.name ?? '')
    this.#initialData = declared
      .filter(element => !isCode(element))
      .map(({ attributes, text }) => [
        attributes.id!,
        this.#data.expression(attributes.expr ?? (text === '' ? 'undefined' : text)),
      ])
    this.#types = all.flatMap(({ attributes: { event } }) =>
      event === undefined ? [] : event.split(/\s+/).map(eventType),
    )
  }

  machine(): AnyStateMachine {
    const config = this.#state(this.#document, 'scxml')
    const context = ({ input }: { input?: Record<string, unknown> }) => {
      const made: Record<string, unknown> = {}
      for (const [name, evaluate] of this.#initialData)
        made[name] =
          input !== undefined && name in input
            ? input[name]
            : evaluate({ context: made, event: { type: 'xstate.init' } })
      return made
    }
    const start = childrenNamed(this.#document, 'script')
    const entry = [...actionsOf(start, this.#data), ...((config as { entry?: unknown[] }).entry ?? [])]
    return createMachine({ ...config, entry, context } as never) as never
  }

  #state(element: Element, id: string): object {
    const { name } = element
    if (name === 'history') return this.#history(element, id)
    const block = (kind: string) =>
      childrenNamed(element, kind).flatMap(({ children }) => actionsOf(children, this.#data))
    const common = { id, entry: block('onentry'), exit: block('onexit') }
    if (name === 'final') return { ...common, type: 'final', ...this.#output(element) }
    const inside = childrenNamed(element, ...states).map(child => ({
      child,
      id: stateId(child.attributes.id ?? `unnamed-${id}-${this.#unnamed++}`),
    }))
    return {
      ...common,
      ...this.#transitions(element),
      ...this.#invocations(element),
      ...(inside.length > 0 && {
        states: Object.fromEntries(inside.map(each => [each.id, this.#state(each.child, each.id)])),
      }),
      ...(name === 'parallel' ? { type: 'parallel' } : this.#initial(element, inside)),
    }
  }

  #initial(element: Element, inside: readonly { child: Element; id: string }[]): object {
    const [first] = inside.filter(({ child }) => child.name !== 'history')
    if (first === undefined) return {}
    const [transition] = childrenNamed(element, 'initial').flatMap(each => childrenNamed(each, 'transition'))
    const target =
      transition?.attributes.target ?? element.attributes.initial ?? first.child.attributes.id ?? first.id
    const id = stateId(target.trim())
    if (!inside.some(each => each.id === id)) throw new NotConvertible('an initial state that is no child')
    return { initial: { target: id, actions: actionsOf(transition?.children ?? [], this.#data) } }
  }

  #history(element: Element, id: string): object {
    const [transition] = childrenNamed(element, 'transition')
    const content = transition?.children ?? []
    if (content.length > 0) throw new NotConvertible('content in the transition of a <history>')
    const target = targetsOf(transition)
    return { id, type: 'history', history: element.attributes.type ?? 'shallow', ...(target && { target }) }
  }

  #output(element: Element): object {
    const [donedata] = childrenNamed(element, 'donedata')
    return donedata === undefined ? {} : { output: payloadOf(donedata, this.#data) }
  }

  #transitions(element: Element): object {
    const all = childrenNamed(element, 'transition')
    const always = all.filter(({ attributes }) => attributes.event === undefined)
    const named = all.flatMap(each =>
      (each.attributes.event === undefined ? [] : descriptors(each.attributes.event)).map(
        descriptor => [descriptor, each] as const,
      ),
    )
    const byDescriptor: Record<string, object[]> = {}
    // XState asks the most specific descriptor first, SCXML the first in the document.
    const inOrder = named.every(([descriptor], at) =>
      named.slice(at + 1).every(([later]) => later === descriptor || !covers(descriptor, later)),
    )
    for (const [descriptor, each] of named) {
      const key = inOrder ? this.#keyOf(descriptor) : '*'
      byDescriptor[key] ??= []
      byDescriptor[key].push(this.#transition(each, inOrder ? undefined : descriptor))
    }
    return {
      ...(always.length > 0 && { always: always.map(each => this.#transition(each, undefined)) }),
      ...(named.length > 0 && { on: byDescriptor }),
    }
  }

  #keyOf(descriptor: string): string {
    if (descriptor === '*') return descriptor
    const hasBelow = descriptor.includes('.') || this.#types.some(type => type.startsWith(`${descriptor}.`))
    return hasBelow ? `${descriptor}.*` : descriptor
  }

  #transition(element: Element, descriptor: string | undefined): object {
    const { cond, type } = element.attributes
    const target = targetsOf(element)
    const guards = [
      ...(descriptor === undefined ? [] : [({ event }: Given) => covers(descriptor, event.type)]),
      ...(cond === undefined ? [] : [this.#condition(cond)]),
    ]
    return {
      ...(target && { target }),
      ...(target && type !== 'internal' && { reenter: true }),
      ...(guards.length > 0 && { guard: guards.length === 1 ? guards[0] : and(guards as never) }),
      actions: actionsOf(element.children, this.#data),
    }
  }

  /** A condition; for every `In('id')` in it XState is asked, and the rest evaluated for either answer. */
  #condition(cond: string): unknown {
    const asked = /\bIn\(\s*['"]([^'"]+)['"]\s*\)/.exec(cond)
    if (asked === null) return this.#data.expression(cond)
    const [call, id] = asked as unknown as [string, string]
    const inside = stateIn(`#${stateId(id)}`)
    const when = (answer: boolean) => this.#condition(cond.replace(call, String(answer)))
    return or([and([inside, when(true)] as never), and([not(inside), when(false)] as never)] as never)
  }

  #invocations(element: Element): object {
    const invoked = childrenNamed(element, 'invoke')
    if (invoked.length === 0) return {}
    return { invoke: invoked.map(each => this.#invocation(each)) }
  }

  #invocation(element: Element): object {
    const { attributes } = element
    for (const name of ['src', 'srcexpr', 'typeexpr', 'idlocation', 'autoforward'])
      if (attributes[name] !== undefined && attributes[name] !== 'false')
        throw new NotConvertible(`<invoke ${name}>`)
    const [finalize] = childrenNamed(element, 'finalize')
    if (finalize !== undefined) throw new NotConvertible('<finalize>')
    const [document] = childrenNamed(element, 'content').flatMap(each => childrenNamed(each, 'scxml'))
    if (document === undefined) throw new NotConvertible('<invoke> of no document')
    const input = payloadOf({ ...element, children: childrenNamed(element, 'param') }, this.#data)
    return {
      src: new Conversion(document).machine(),
      input,
      ...(attributes.id !== undefined && { id: attributes.id }),
    }
  }
}

function targetsOf(element: Element | undefined): readonly string[] | undefined {
  const target = element?.attributes.target
  return target
    ?.trim()
    .split(/\s+/)
    .map(id => `#${stateId(id)}`)
}
