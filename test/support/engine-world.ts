/**
 * The engine as its tests meet it: a test runtime, and what no client can see of it: dead letters, the
 * journal, the proof that it can be folded again.
 */
import assert from 'node:assert/strict'
import type { KeptLetter } from '../../actors/journal.js'
import type { Limits } from '../../actors/limits.js'
import type { AnyDefinition, HistoryEntry } from '../../runtime/index.js'
import type { HostLogger } from '../../runtime/shard-host-options.js'
import { VirtualTimeRuntime } from '../../runtime/testing/test-runtime.js'
import { verifyJournal } from '../../runtime/verify.js'

/** Activities of these tests answer at once or hang. */
const patienceMs = 100

/** A test runtime with its engine open. */
export async function engineWorld(
  actors: readonly AnyDefinition[],
  limits: Partial<Limits> = {},
  logger?: HostLogger,
): Promise<VirtualTimeRuntime> {
  return new VirtualTimeRuntime({ actors, limits, patienceMs, ...(logger === undefined ? {} : { logger }) })
}

/** A logger that keeps what a test provokes to be said, for the test to look at. */
export function listeningLogger(): HostLogger & { readonly said: string[] } {
  const said: string[] = []
  const hear = (_: object, message: string) => void said.push(message)
  return { said, warn: hear, error: hear }
}

export function deadLetters(rt: VirtualTimeRuntime): readonly KeptLetter[] {
  return rt.engine.shard.journal.deadLetters(undefined, 1_000)
}

/** Every actor, made again from its entries, is what was committed. Answers how many entries that took. */
export function assertRefolds(rt: VirtualTimeRuntime): number {
  const { bindings, service, shard } = rt.engine
  const { differences, entries } = verifyJournal(shard.journal, bindings, service.limits)
  assert.deepEqual(differences, [])
  return entries
}

/** The process dies, time passes, and it is started again. */
export async function crashFor(rt: VirtualTimeRuntime, downMs: number): Promise<void> {
  rt.engine.shard.host.kill()
  rt.clock.moveTo(rt.clock.now() + downMs)
  await rt.crash()
}

/** All of an actor's history. */
export async function historyOf(handle: { history(): AsyncIterable<HistoryEntry> }): Promise<HistoryEntry[]> {
  const entries: HistoryEntry[] = []
  for await (const entry of handle.history()) entries.push(entry)
  return entries
}

/** An actor's journal entries, whoever it is: a child has no handle. */
export function entriesAt(rt: VirtualTimeRuntime, address: string) {
  return rt.engine.shard.journal.entries(address, 0, 1_000)
}

/** A promise and what resolves it. */
export function gate<Value = void>() {
  let open = (_: Value) => {}
  const opened = new Promise<Value>(resolve => {
    open = resolve
  })
  return { open, opened }
}
