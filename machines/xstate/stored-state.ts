/**
 * A machine's snapshot as bytes and back, and as plain data to compare. The stored form is
 * `[value, context]`, with a third part for what most states have not: status, output, error, history, children.
 *
 * Runs no user code. Invariant: what `decode` gives behaves as what `encode` was given.
 */
import { type Address, childIdOf, parentOf } from '../../actors/address.js'
import * as codec from '../../actors/codec.js'
import { Reference } from '../../actors/reference.js'
import { settleConfiguration } from './configuration.js'
import { ChildReference } from './references.js'
import { replaceReferences } from './replace-references.js'
import { type AnyStateMachine, type AnyStateNode, home, type OpenSnapshot, statesById } from './types.js'

export interface Rest {
  readonly status?: OpenSnapshot['status']
  readonly output?: unknown
  readonly error?: unknown
  /** Ids of the states each history state recalls. */
  readonly history?: Readonly<Record<string, readonly string[]>>
  /** Id and source of each child. */
  readonly children?: readonly (readonly [string, string | undefined])[]
  /** Its own address, which the references to its children are below. */
  readonly home?: Address
}

export type Stored = readonly [value: unknown, context: unknown, rest?: Rest]

export function encodeSnapshot(snapshot: OpenSnapshot): Uint8Array {
  const rest = restOf(snapshot)
  const stored: Stored =
    rest === undefined ? [snapshot.value, snapshot.context] : [snapshot.value, snapshot.context, rest]
  return codec.encode(stored)
}

/** Only what there is, in this order: the bytes of equal states are equal. Undefined when there is nothing. */
function restOf(snapshot: OpenSnapshot): Rest | undefined {
  const { status, output, error, children, historyValue, [home]: address } = snapshot
  const recalls = !isEmpty(historyValue)
  const bare = status === 'active' && output === undefined && error === undefined
  if (bare && !recalls && address === undefined && isEmpty(children)) return undefined
  const rest: { -readonly [Part in keyof Rest]: Rest[Part] } = {}
  if (status !== 'active') rest.status = status
  if (output !== undefined) rest.output = output
  if (error !== undefined) rest.error = error
  if (recalls) rest.history = historyOf(snapshot)
  const ids = Object.keys(children)
  if (ids.length > 0) rest.children = ids.map(id => [id, (children[id] as ChildReference).src] as const)
  if (address !== undefined) rest.home = address
  return rest
}

function isEmpty(record: object): boolean {
  for (const _ in record) return false
  return true
}

/** @throws Error when the stored states are none of this machine's. */
export function decodeSnapshot(machine: AnyStateMachine, bytes: Uint8Array): OpenSnapshot {
  const { value, context, rest } = readStored(bytes)
  const snapshot = restoring(machine, value, () =>
    resolved(machine, value, historyNodes(machine, rest.history)),
  )
  settleConfiguration(snapshot)
  return revive(snapshot, context, rest)
}

/** What was stored, in its parts. */
export function readStored(bytes: Uint8Array): { value: unknown; context: unknown; rest: Rest } {
  const [value, context, rest = {}] = codec.decode(bytes) as Stored
  return { value, context, rest }
}

/** The states of a stored value, those included that go without saying. */
export function storedNodes(machine: AnyStateMachine, value: unknown): readonly AnyStateNode[] {
  return resolved(machine, value, {})._nodes
}

function resolved(
  machine: AnyStateMachine,
  value: unknown,
  historyValue: OpenSnapshot['historyValue'],
): OpenSnapshot {
  return machine.resolveState({ value: value as never, context: {}, historyValue } as never) as never
}

/** Whatever goes wrong in `task` is said to be wrong with the stored value. */
export function restoring<Result>(machine: AnyStateMachine, value: unknown, task: () => Result): Result {
  try {
    return task()
  } catch (cause) {
    const problem = cause instanceof Error ? cause.message : String(cause)
    throw new Error(
      `machine '${machine.id}' cannot restore the state ${JSON.stringify(value)}: ${problem}. Was it stored by another version of the machine?`,
      { cause },
    )
  }
}

/** What is stored beside value and context, put into a fresh snapshot. */
export function revive<Snapshot extends OpenSnapshot>(
  snapshot: Snapshot,
  context: unknown,
  rest: Rest,
): Snapshot {
  snapshot.status = rest.status ?? 'active'
  snapshot.output = rest.output
  snapshot.error = rest.error
  snapshot.context = context
  if (rest.home !== undefined) reviveChildren(snapshot, rest.home, rest.children ?? [])
  return snapshot
}

/** The states that history states recall, from their ids. */
export function historyNodes(
  machine: AnyStateMachine,
  history: Rest['history'] = {},
): Record<string, AnyStateNode[]> {
  return Object.fromEntries(
    Object.entries(history).map(([id, ids]) => [id, ids.map(each => nodeById(machine, each))]),
  )
}

function nodeById(machine: AnyStateMachine, id: string): AnyStateNode {
  const node = statesById(machine).get(id)
  if (node === undefined) throw new Error(`there is no state '${id}'`)
  return node
}

/** Children are references again, each the same one in `children` and wherever the context holds it. */
function reviveChildren(
  snapshot: OpenSnapshot,
  address: Address,
  children: NonNullable<Rest['children']>,
): void {
  snapshot[home] = address
  const byAddress = new Map<Address, ChildReference>()
  for (const [id, src] of children) {
    const child = new ChildReference(address, id, src)
    byAddress.set(child.address, child)
    snapshot.children[id] = child
  }
  snapshot.context = replaceReferences(snapshot.context, value => {
    if (!(value instanceof Reference) || parentOf(value.address) !== address) return undefined
    const known = byAddress.get(value.address)
    if (known !== undefined) return known
    const gone = new ChildReference(address, childIdOf(value.address), undefined)
    byAddress.set(gone.address, gone)
    return gone
  })
}

/** Plain data in which equal snapshots are equal. */
export function canonicalSnapshot(snapshot: OpenSnapshot): unknown {
  const { value, context, status, output, error } = snapshot
  const children = Object.fromEntries(
    Object.entries(snapshot.children).map(([id, child]) => [id, (child as ChildReference).src]),
  )
  const history = Object.fromEntries(
    Object.entries(historyOf(snapshot)).map(([id, ids]) => [id, [...ids].sort()]),
  )
  return { value, context, status, output, error, children, history }
}

function historyOf(snapshot: OpenSnapshot): Record<string, readonly string[]> {
  return Object.fromEntries(
    Object.entries(snapshot.historyValue).map(([id, nodes]) => [id, nodes.map(node => node.id)]),
  )
}
