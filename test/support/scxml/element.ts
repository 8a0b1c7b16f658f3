/**
 * An SCXML document as a tree of elements, of which only what the converter reads is kept.
 */
import { DOMParser, type Element as DomElement, type Node } from '@xmldom/xmldom'

export interface Element {
  /** Without its namespace prefix. */
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
  readonly children: readonly Element[]
  readonly text: string
}

/** The root element of a document. */
export function parseXml(source: string): Element {
  const document = new DOMParser({ onError: () => {} }).parseFromString(source, 'text/xml')
  return elementOf(document.documentElement as DomElement)
}

function elementOf(node: DomElement): Element {
  const inside = Array.from(node.childNodes as ArrayLike<Node> & Iterable<Node>)
  return {
    name: node.localName ?? node.nodeName,
    attributes: Object.fromEntries(Array.from(node.attributes).map(({ name, value }) => [name, value])),
    children: inside.filter(child => child.nodeType === 1).map(child => elementOf(child as DomElement)),
    text: inside
      .filter(child => child.nodeType === 3 || child.nodeType === 4)
      .map(child => child.nodeValue ?? '')
      .join('')
      .trim(),
  }
}

export function childrenNamed(element: Element, ...names: readonly string[]): readonly Element[] {
  return element.children.filter(({ name }) => names.includes(name))
}

/** The element and all below it, but for documents within it: those are machines of their own. */
export function within(element: Element): readonly Element[] {
  const inside = element.children.filter(({ name }) => name !== 'scxml')
  return [element, ...inside.flatMap(within)]
}
