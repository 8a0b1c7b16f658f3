/** Histories whose births do not say their version, as the first releases wrote them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assign, emit, setup } from 'xstate'
import type { Commit } from '../../../actors/commit.js'
import type { Journal } from '../../../actors/journal.js'
import { limits } from '../../../actors/limits.js'
import { MemoryJournal } from '../../../journal/index.js'
import { OfflineApi } from '../../../runtime/api/offline-api.js'
import { pinned } from '../../../runtime/commit/history.js'
import { sequentialIds } from '../../../runtime/compose.js'
import { EmbeddedRuntime } from '../../../runtime/embedded/embedded-runtime.js'
import { type AnyDefinition, defineActor } from '../../../runtime/index.js'
import { Bindings } from '../../../runtime/step/bindings.js'
import { SystemClock } from '../../../runtime/system-clock.js'
import { verifyJournal } from '../../../runtime/verify.js'
import { listeningLogger } from '../../support/engine-world.js'

const base = setup({
  types: {
    context: {} as { n: number },
    events: {} as { type: 'GO' },
    emitted: {} as { type: 'WENT'; n: number },
  },
})
const counting = (from: number, step: number) =>
  base.createMachine({
    id: 'counter',
    context: { n: from },
    on: {
      GO: {
        actions: [
          assign({ n: ({ context }) => context.n + step }),
          emit(({ context }) => ({ type: 'WENT', n: context.n })),
        ],
      },
    },
  })
const first = defineActor({ machine: counting(0, 1), version: '1', create: () => undefined })
const second = defineActor({
  machine: counting(1_000, 10),
  version: '2',
  previous: [first],
  create: () => undefined,
})

test('an old birth is folded again with the version of its record, by whoever folds', async () => {
  const journal = new MemoryJournal()
  const before = runtimeOn(withoutVersions(journal), [first])
  const old = before.actor(first, 'c')
  for (let times = 0; times < 3; times++) await old.send({ type: 'GO' })
  await before.stop()
  const [birth] = journal.entries('counter/c', 0, 1)
  assert.ok(birth?.command.kind === 'start' && birth.command.version === undefined)

  const runtime = runtimeOn(journal, [second])
  const handle = runtime.actor(second, 'c')
  for (const [seq, n] of [0, 1, 2, 3].entries())
    assert.equal((await handle.getSnapshot({ atSeq: seq + 1 }))?.context.n, n)
  const seen: number[] = []
  for await (const snapshot of handle.changes({ afterSeq: 0 })) if (seen.push(snapshot.context.n) === 4) break
  assert.deepEqual(seen, [0, 1, 2, 3])
  await runtime.stop()

  const bindings = new Bindings([second])
  assert.deepEqual(verifyJournal(journal, bindings, limits).differences, [])
  const api = new OfflineApi({ journal, path: '', clock: new SystemClock(), limits, perdure: '0', bindings })
  const { events } = await api.published({ address: 'counter/c' })
  assert.deepEqual(
    events.map(one => one.event.n),
    [1, 2, 3],
  )
  assert.throws(() => pinned(birth, { read: () => undefined }), {
    code: 'Unavailable',
    message: /counter\/c: entry 1 is its birth and names no version, and no record/,
  })
})

function runtimeOn(journal: Journal, actors: readonly AnyDefinition[]): EmbeddedRuntime {
  return new EmbeddedRuntime({
    actors,
    clock: new SystemClock(),
    limits,
    logger: listeningLogger(),
    mintId: sequentialIds('c'),
    openJournal: () => journal,
  })
}

/** A journal that writes births down as the first releases did. */
function withoutVersions(inner: Journal): Journal {
  return new Proxy(inner, {
    get(target, name) {
      if (name === 'close') return () => {}
      if (name === 'append') return (commit: Commit) => target.append(asOfOld(commit))
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

function asOfOld(commit: Commit): Commit {
  const entries = commit.entries.map(entry => {
    if (entry.command.kind !== 'start') return entry
    const { version: _, ...command } = entry.command
    return { ...entry, command }
  })
  return { ...commit, entries }
}
