import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import { createServer as createNetServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { setup } from 'xstate'
import { PerdureError, SetupError } from '../../../actors/errors.js'
import { type Limits, limitsWith } from '../../../actors/limits.js'
import type { Api } from '../../../runtime/api/api.js'
import { ControlApi } from '../../../runtime/control/control-api.js'
import type { EmbeddedRuntime } from '../../../runtime/embedded/embedded-runtime.js'
import { defineActor } from '../../../runtime/index.js'
import { SystemClock } from '../../../runtime/system-clock.js'
import { counterMachine } from '../../support/engine-counter.js'
import { createRuntime } from '../../support/runtime-here.js'

const counter = defineActor({
  machine: counterMachine,
  version: '1',
  create: () => ({ from: 0 }),
  selectors: { n: s => s.context.n },
})
const family = defineActor({
  machine: setup({ actors: { kid: counterMachine } }).createMachine({
    id: 'family',
    invoke: { src: 'kid', id: 'kid/ü', input: { from: 3 } },
  }),
  version: '1',
  create: () => undefined,
})

function place() {
  const path = mkdtempSync(join(tmpdir(), 'perdure-control-api-'))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
}

function apiTo(path: string, limits: Partial<Limits> = {}): ControlApi {
  return new ControlApi({ path, clock: new SystemClock(), limits: limitsWith(limits) })
}

/** A running runtime: its own api, and the same through its socket. */
async function twoWays() {
  const at = place()
  const runtime = (await createRuntime({ actors: [counter, family], path: at.path })) as EmbeddedRuntime
  const remote = apiTo(at.path)
  return {
    path: at.path,
    direct: runtime.api,
    remote: remote as Api,
    async [Symbol.asyncDispose]() {
      remote.close()
      await runtime.stop()
      at[Symbol.dispose]()
    },
  }
}

/** Equal, be bytes a Buffer here and an array there. */
function same(found: unknown, expected: unknown, message?: string): void {
  assert.deepEqual(structuredClone(found), structuredClone(expected), message)
}

async function failure(call: () => unknown): Promise<PerdureError> {
  try {
    await call()
  } catch (error) {
    assert.ok(error instanceof PerdureError, String(error))
    return error
  }
  return assert.fail(`${call} was to fail`)
}

suite('through the control socket', () => {
  test('what is read is what the runtime itself answers', async () => {
    await using w = await twoWays()
    const [address, event] = ['counter/a', { type: 'ADD', n: 2 }]
    await w.direct.tell({ address, event, id: 'one' })
    await w.direct.ask({ address: 'counter/b%20%C3%BC', event })
    await w.direct.start({ address: 'family/f', input: undefined })
    await w.direct.tell({ address, event: { ...event, n: 3 } })
    await assert.rejects(w.direct.tell({ address, event: { type: 'BREAK', why: 'so' } }))
    const reads: ((api: Api) => Promise<unknown>)[] = [
      api => api.describe(),
      // What is settled between two looks moves bytes about.
      async api => ({ ...(await api.stats()), live: undefined, bytes: undefined }),
      api => api.get({ address }),
      api => api.get({ address, atSeq: 1 }),
      api => api.get({ address, atSeq: 0 }),
      api => api.get({ address: 'counter/never' }),
      api => api.get({ address: 'counter/b%20%C3%BC' }),
      api => api.get({ address: 'family/f/kid%2F%C3%BC' }),
      api => api.history({ address }),
      api => api.published({ address }),
      api => api.published({ address, after: 1, limit: 1 }),
      api => api.published({ address: 'counter/never' }),
      api => api.history({ address, after: 1, limit: 1 }),
      api => api.history({ address: 'family/f/kid%2F%C3%BC' }),
      api => api.select({ address, selector: 'n' }),
      api => api.list({}),
      api => api.list({ type: 'counter', state: 'counting', tag: 'open', status: 'active', version: '1' }),
      api => api.list({ after: 'counter/a', limit: 1, idleMs: 0 }),
      api => api.count({ type: 'counter' }),
      api => api.deadLetters({}),
      async api => api.deadLetter({ id: (await api.deadLetters({ limit: 1 }))[0]!.id }),
      api => api.deadLetter({ id: '999' }),
    ]
    for (const read of reads) same(await read(w.remote), await read(w.direct), String(read))
    assert.ok((await w.remote.get({ address }))?.state instanceof Uint8Array)
  })

  test('commands do what they do directly, and their ids are one', async () => {
    await using w = await twoWays()
    const ask = {
      address: 'counter/a',
      event: { type: 'ADD', n: 2 },
      id: 'größe',
      start: { input: { from: 5 } },
    }
    const first = await w.remote.ask(ask)
    assert.deepEqual([(first.snapshot.context as { n: number }).n, first.handled], [7, true])
    same(await w.direct.ask(ask), { ...first, duplicate: true })
    const born = await w.remote.start({ address: 'counter/b', input: { from: 1 }, id: 'b' })
    assert.equal(born.created, true)
    same(await w.remote.start({ address: 'counter/b', input: { from: 1 }, id: 'b' }), {
      ...born,
      duplicate: true,
    })
    const told = await w.remote.tell({ address: 'counter/b', event: { type: 'STOP' }, id: 't' })
    assert.deepEqual([told.id, told.duplicate, told.durability], ['t', false, 'disk'])
    const done = await w.remote.ask({
      address: 'counter/c',
      event: { type: 'STOP' },
      until: 'done',
      timeoutMs: 5_000,
    })
    assert.equal(done.snapshot.status, 'done')
    await w.remote.terminate({ address: 'counter/a', reason: 'enough' })
    assert.equal((await w.direct.get({ address: 'counter/a' }))?.status, 'stopped')
    const history = await w.direct.history({ address: 'counter/b' })
    assert.deepEqual(
      history.map(({ command }) => command.commandId),
      ['b', 't'],
    )
  })

  test('letters are redriven and dropped, and the journal is backed up', async () => {
    await using w = await twoWays()
    for (const why of ['one', 'two'])
      await assert.rejects(w.remote.tell({ address: 'counter/a', event: { type: 'BREAK', why } }))
    const [one, two] = await w.remote.deadLetters({})
    await assert.rejects(w.remote.retryDeadLetter({ id: 'none' }), { code: 'NotFound' })
    await w.remote.dropDeadLetter({ id: one!.id, reason: 'seen' })
    assert.deepEqual(await w.direct.deadLetters({}), [two])
    const to = join(w.path, 'copy')
    const copy = await w.remote.backup({ to })
    assert.deepEqual([copy.to, copy.position], [to, (await w.remote.describe()).position])
    assert.ok(existsSync(join(to, 'journal.db')))
  })

  test('what is followed comes in order, until the signal', async () => {
    await using w = await twoWays()
    const address = 'counter/a'
    const ending = new AbortController()
    const { signal } = ending
    const events: unknown[] = []
    let opened = () => {}
    const open = new Promise<void>(resolve => {
      opened = resolve
    })
    const listening = (async () => {
      const request = { address, signal, onOpen: () => opened() }
      for await (const event of w.remote.events(request)) if (events.push(event) === 2) return
    })()
    await open
    for (const n of [1, 2]) await w.direct.tell({ address, event: { type: 'ADD', n } })
    await listening
    assert.deepEqual(
      events.map(event => ({ ...(event as object) })),
      [
        { type: 'ADDED', n: 1 },
        { type: 'ADDED', n: 2 },
      ],
    )
    const seen: unknown[] = []
    const following = (async () => {
      for await (const view of w.remote.changes({ address, after: 1, signal })) {
        seen.push(view)
        if (seen.length === 2) setImmediate(() => ending.abort(new Error('enough')))
      }
    })()
    await following
    same(seen, await Promise.all([2, 3].map(atSeq => w.direct.get({ address, atSeq }))))
  })

  test('an error is what it is directly, field by field', async () => {
    await using w = await twoWays()
    const address = 'counter/a'
    await w.direct.tell({ address, event: { type: 'ADD', n: 1 }, id: 'taken' })
    const failing: ((api: Api) => unknown)[] = [
      api => api.get({ address: 'ship/a' }),
      api => api.tell({ address: 'ship/a', event: { type: 'ADD' } }),
      api => api.tell({ address, event: { type: 'xstate.stop' } }),
      api => api.tell({ address, event: { type: 'ADD', n: 2 }, id: 'taken' }),
      api => api.tell({ address, event: { type: 'BREAK', why: 'ünlucky' } }),
      api => api.tell({ address, event: { type: 'ADD' }, id: 'x'.repeat(300) }),
      api => api.ask({ address, event: { type: 'ADD', n: 1 }, id: 'waits', until: 'nowhere', timeoutMs: 20 }),
      api => api.select({ address, selector: 'none' }),
      api => api.select({ address: 'counter/never', selector: 'n' }),
      api => api.retryDeadLetter({ id: 'none' }),
    ]
    const facts = ({ code, message, retryable, actorId, details }: PerdureError) => ({
      code,
      // A failure says in which entry it was, and the second is in another.
      message: message.replace(/entry \d+/, 'entry'),
      retryable,
      actorId,
      details: JSON.stringify(details)?.replace(/"seq":\d+/, '"seq"'),
    })
    for (const call of failing)
      assert.deepEqual(
        facts(await failure(() => call(w.remote))),
        facts(await failure(() => call(w.direct))),
        String(call),
      )
    const stream = async (api: Api) => {
      for await (const _ of api.changes({ address: 'ship/a' })) break
    }
    assert.deepEqual(
      facts(await failure(() => stream(w.remote))),
      facts(await failure(() => stream(w.direct))),
    )
  })
})

test('what a directory refuses is refused by the same error through the socket', async () => {
  await using w = await twoWays()
  const file = join(w.path, 'file')
  writeFileSync(file, '')
  const facts = async (api: Api, to: string) => {
    const error: unknown = await api.backup({ to }).catch((thrown: unknown) => thrown)
    assert.ok(error instanceof SetupError, String(error))
    return { code: error.code, message: error.message, details: error.details }
  }
  for (const [to, code] of [
    [w.path, 'DirectoryHeld'],
    [file, 'DirectoryUnwritable'],
    [tmpdir(), 'DirectoryNotEmpty'],
  ] as const) {
    const found = await facts(w.remote, to)
    assert.equal(found.code, code)
    assert.deepEqual(found, await facts(w.direct, to))
  }
})

/** Something on the socket that is no runtime. */
async function impostor(path: string, server: Server) {
  const sockets = new Set<Socket>()
  server.on('connection', socket => {
    sockets.add(socket)
    socket.on('error', () => {})
  })
  await new Promise<void>(resolve => server.listen(join(path, 'control.sock'), resolve))
  return {
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise(resolve => server.close(resolve))
    },
  }
}

const answering = (answer: RequestListener) => createServer(answer)
const silent = () => createNetServer(() => {})

suite('a runtime that does not answer', () => {
  test('is not there: said with what to do, and that it is worth trying again', async () => {
    using at = place()
    const api = apiTo(at.path)
    const error = await failure(() => api.describe())
    assert.deepEqual([error.code, error.retryable], ['Unavailable', true])
    assert.ok(error.message.includes(at.path))
    assert.match(error.message, /no runtime answers.*Start one/)
    assert.equal((await failure(() => apiTo(join(at.path, 'not', 'there')).stats())).code, 'Unavailable')
  })

  test('has been told the trace that a command belongs to', async () => {
    using at = place()
    const heard: unknown[] = []
    await using _ = await impostor(
      at.path,
      answering(({ headers, url }, answer) => {
        heard.push([url, headers.traceparent])
        answer.destroy()
      }),
    )
    const trace = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    await failure(() => apiTo(at.path).tell({ address: 'a/b', event: { type: 'A' }, id: 'ü', trace }))
    assert.deepEqual(heard, [['/actors/a/b/tell?commandId=%C3%BC', trace]])
  })

  test('goes away in the middle: said that it may be asked again with the id', async () => {
    using at = place()
    await using _ = await impostor(
      at.path,
      createNetServer(socket => socket.once('data', () => socket.destroy())),
    )
    const error = await failure(() => apiTo(at.path).tell({ address: 'counter/a', event: { type: 'ADD' } }))
    assert.deepEqual([error.code, error.retryable], ['Unavailable', true])
    assert.match(error.message, /went away.*same id/)
  })

  test('goes away in the middle of its answer, or of a stream', async () => {
    using at = place()
    await using _ = await impostor(
      at.path,
      answering((_, answer) => {
        answer.writeHead(200, { 'content-type': 'text/event-stream', 'content-length': 1_000 })
        answer.write('retry: 1\n\n', () => answer.destroy())
      }),
    )
    const api = apiTo(at.path)
    const stream = async () => {
      for await (const _ of api.changes({ address: 'counter/a' })) break
    }
    for (const call of [stream, () => api.stats()]) assert.match((await failure(call)).message, /went away/)
  })

  test('says nothing: given up after its time, as one that may be asked again', async () => {
    using at = place()
    await using _ = await impostor(at.path, silent())
    const api = apiTo(at.path, { remoteReplyMsMax: 30, askTimeoutMs: 1 })
    const stream = async () => {
      for await (const _ of api.events({ address: 'counter/a' })) break
    }
    for (const call of [
      () => api.stats(),
      () => api.ask({ address: 'counter/a', event: { type: 'A' } }),
      stream,
    ]) {
      const error = await failure(call)
      assert.deepEqual([error.code, error.retryable], ['Unavailable', true])
      assert.match(error.message, /not answered for 3\d ms/)
    }
  })

  test('is something else: said so, and not to be tried again', async () => {
    for (const [status, body] of [
      [200, '<html>'],
      [200, '7'],
      [502, '{"error":"bad gateway"}'],
      [404, '{"ok":false,"error":{"code":"Odd","message":"?"}}'],
    ] as const) {
      using at = place()
      await using _ = await impostor(
        at.path,
        answering(
          (_, answer) => void answer.writeHead(status, { 'content-type': 'application/json' }).end(body),
        ),
      )
      const error = await failure(() => apiTo(at.path).stats())
      assert.deepEqual([error.code, error.retryable], ['Unavailable', false])
      assert.match(error.message, new RegExp(`unlike a runtime.*status ${status}`))
    }
  })

  test('is asked no more at once than may be, and gives no more than may be', async () => {
    using at = place()
    await using _ = await impostor(at.path, silent())
    const api = apiTo(at.path, { remoteConnectionsMax: 1, remoteRequestsMax: 1, remoteStreamsMax: 1 })
    const waiting = [api.stats(), api.stats()].map(one => failure(() => one))
    const follow = () => api.changes({ address: 'counter/a' })[Symbol.asyncIterator]().next()
    waiting.push(...[follow(), follow()].map(one => failure(() => one)))
    for (const one of [await failure(() => api.stats()), await failure(follow)])
      assert.deepEqual([one.code, one.retryable], ['Overloaded', true])
    api.close()
    for (const { code } of await Promise.all(waiting)) assert.equal(code, 'Unavailable')

    using other = place()
    const endless = answering((_, answer) => void answer.end('x'.repeat(5_000)))
    await using __ = await impostor(other.path, endless)
    const small = apiTo(other.path, { remoteReplyBytesMax: 1_000 })
    assert.match((await failure(() => small.stats())).message, /at most 1000/)
  })
})
