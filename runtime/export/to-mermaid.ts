/**
 * A definition's machine as a Mermaid `stateDiagram-v2`: for READMEs and pull requests.
 *
 * States are nested and parallel as in the machine; a transition is labelled `EVENT [guard] / actions`. One that
 * stays where it is stands in the state's box, as do invocations, entry and exit actions of a state without
 * children; those of a state with children stand in a note, because Mermaid draws no text in such a box.
 *
 * All states are declared before any transition: Mermaid puts a state where it is first named.
 */
import type { Definition } from '../../actors/definition.js'
import { type GraphState, type GraphTransition, graphView } from '../../machines/view/graph-view.js'
import { machineToShow } from './machine-to-show.js'

/** @throws SetupError `InvalidDefinition` for a store: it has no states. */
export function toMermaid(definition: Definition): string {
  return `${new Diagram(graphView(machineToShow(definition))).lines().join('\n')}\n`
}

class Diagram {
  readonly #root: GraphState
  readonly #names = new Map<string, string>()

  constructor(root: GraphState) {
    this.#root = root
    const taken = new Set<string>()
    for (const state of statesIn(root)) {
      const plain = state.id.replace(/[^A-Za-z0-9_]+/g, '_')
      let name = plain
      for (let copy = 2; taken.has(name); copy++) name = `${plain}_${copy}`
      taken.add(name)
      this.#names.set(state.id, name)
    }
  }

  lines(): string[] {
    const states = statesIn(this.#root)
    return [
      'stateDiagram-v2',
      ...indented(this.#declare(this.#root)),
      ...indented(states.flatMap(state => this.#remarks(state))),
      ...indented(states.flatMap(state => state.transitions.flatMap(one => this.#arrows(state, one)))),
    ]
  }

  #name(id: string): string {
    return this.#names.get(id)!
  }

  /** The state with all below it. */
  #declare(state: GraphState): string[] {
    const name = this.#name(state.id)
    const shown = state.type === 'history' ? (state.isDeepHistory ? 'H*' : 'H') : state.key
    const head = `state "${escaped(shown)}" as ${name}`
    if (state.children.length === 0) return [head]
    const regions = state.children.map(child => this.#declare(child))
    const inside =
      state.type === 'parallel'
        ? regions.flatMap((region, index) => (index === 0 ? region : ['--', ...region]))
        : [
            ...(state.initial === undefined ? [] : [`[*] --> ${this.#name(state.initial)}`]),
            ...regions.flat(),
            ...state.children
              .filter(child => child.type === 'final')
              .map(child => `${this.#name(child.id)} --> [*]`),
          ]
    return [`${head} {`, ...indented(inside), '}']
  }

  /** What a state does without leaving. */
  #remarks(state: GraphState): string[] {
    const remarks = [
      ...state.entry.map(action => `entry / ${action}`),
      ...state.invokes.map(src => `invoke ${src}`),
      ...state.transitions.filter(one => one.targets.length === 0).map(labelOf),
      ...state.exit.map(action => `exit / ${action}`),
    ].map(escaped)
    if (remarks.length === 0) return []
    const name = this.#name(state.id)
    if (state.children.length === 0) return remarks.map(remark => `${name} : ${remark}`)
    return [`note right of ${name}`, ...indented(remarks), 'end note']
  }

  #arrows(state: GraphState, transition: GraphTransition): string[] {
    const label = escaped(labelOf(transition))
    return transition.targets.map(
      target => `${this.#name(state.id)} --> ${this.#name(target)}${label === '' ? '' : ` : ${label}`}`,
    )
  }
}

function statesIn(state: GraphState): GraphState[] {
  return [state, ...state.children.flatMap(statesIn)]
}

function labelOf({ trigger, guard, actions }: GraphTransition): string {
  const when = [trigger, guard === undefined ? '' : `[${guard}]`].filter(part => part !== '').join(' ')
  return actions.length === 0 ? when : `${when} / ${actions.join(', ')}`.trim()
}

/** As text that ends no statement of Mermaid's and begins none; its entities are `#` and a code. */
function escaped(text: string): string {
  return text
    .replace(/[^\p{L}\p{N} _.,()[\]/*+=!|&'?-]/gu, char => `#${char.codePointAt(0)};`)
    .replace(/--+/g, dashes => '#45;'.repeat(dashes.length))
}

function indented(lines: readonly string[]): string[] {
  return lines.map(line => `  ${line}`)
}
