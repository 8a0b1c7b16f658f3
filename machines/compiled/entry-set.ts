/**
 * Which states a set of transitions enters: `computeEntrySet` of SCXML's algorithm with the procedures it
 * calls, under their own names, and with XState's idea of what `reenter` means.
 */
import type { AnyStateNode } from '../xstate/types.js'
import { getTransitionDomain } from './exit-set.js'
import {
  getProperAncestors,
  type HistoryValue,
  historyDefault,
  initialTarget,
  isDescendant,
  isHistory,
  recallsByInitial,
  regionsOf,
} from './state-tree.js'
import { type Arc, getEffectiveTargetStates } from './transition.js'

export interface EntrySet {
  /** In document order. */
  readonly states: readonly AnyStateNode[]
  /** Those whose initial transition's actions run as well. */
  readonly byDefault: ReadonlySet<AnyStateNode>
}

export function computeEntrySet(arcs: readonly Arc[], history: HistoryValue): EntrySet {
  const entry = new Entry(history)
  for (const arc of arcs) entry.add(arc)
  return {
    states: [...entry.states].sort((one, other) => one.order - other.order),
    byDefault: entry.byDefault,
  }
}

class Entry {
  readonly states = new Set<AnyStateNode>()
  readonly byDefault = new Set<AnyStateNode>()
  readonly #history: HistoryValue

  constructor(history: HistoryValue) {
    this.#history = history
  }

  add(arc: Arc): void {
    const domain = getTransitionDomain(arc, this.#history)
    for (const target of arc.target ?? []) {
      const stays = arc.source === target && arc.source === domain && !arc.reenter
      if (!isHistory(target) && !stays) this.#enterByDefault(target)
      this.#addDescendantStatesToEnter(target)
    }
    // A root that is entered again is within what is entered, though nothing is above it.
    const within = arc.source.parent === undefined && arc.reenter ? undefined : domain
    for (const target of getEffectiveTargetStates(arc.target, this.#history)) {
      const ancestors = getProperAncestors(target, domain)
      if (domain?.type === 'parallel') ancestors.push(domain)
      this.#addAncestorStatesToEnter(ancestors, within)
    }
  }

  #enterByDefault(state: AnyStateNode): void {
    this.states.add(state)
    this.byDefault.add(state)
  }

  #addDescendantStatesToEnter(state: AnyStateNode): void {
    if (isHistory(state)) this.#addRecalledStatesToEnter(state)
    else if (state.type === 'compound') {
      const initial = initialTarget(state)
      if (!isHistory(initial)) this.#enterByDefault(initial)
      this.#addDescendantStatesToEnter(initial)
      this.#addAncestorStatesToEnter(getProperAncestors(initial, state))
    } else if (state.type === 'parallel')
      for (const region of regionsOf(state))
        if (!this.#entersWithin(region)) {
          this.#enterByDefault(region)
          this.#addDescendantStatesToEnter(region)
        }
  }

  #addRecalledStatesToEnter(state: AnyStateNode): void {
    const parent = state.parent as AnyStateNode
    const recalled = this.#history[state.id]
    const states = recalled ?? historyDefault(state)
    for (const each of states) {
      this.states.add(each)
      if (recalled === undefined && recallsByInitial(state)) this.byDefault.add(parent)
      this.#addDescendantStatesToEnter(each)
    }
    for (const each of states) this.#addAncestorStatesToEnter(getProperAncestors(each, parent))
  }

  /** `within`: ancestors outside of it are active already; undefined: all are entered. */
  #addAncestorStatesToEnter(ancestors: readonly AnyStateNode[], within?: AnyStateNode): void {
    for (const ancestor of ancestors) {
      if (isDescendant(ancestor, within)) this.states.add(ancestor)
      if (ancestor.type !== 'parallel') continue
      for (const region of regionsOf(ancestor))
        if (!this.#entersWithin(region)) {
          this.states.add(region)
          this.#addDescendantStatesToEnter(region)
        }
    }
  }

  #entersWithin(region: AnyStateNode): boolean {
    for (const state of this.states) if (isDescendant(state, region)) return true
    return false
  }
}
