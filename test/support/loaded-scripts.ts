/**
 * A program: runs an actor embedded, then tries to reach a cluster where none is, and writes after each, as a line of
 * JSON, which scripts this process has loaded of NATS or of our room for it. The engine itself says which those are.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { type Debugger, type InspectorNotification, Session } from 'node:inspector'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const loaded = new Set<string>()
const session = new Session()
session.connect()
session.on('Debugger.scriptParsed', ({ params }: InspectorNotification<Debugger.ScriptParsedEventDataType>) =>
  loaded.add(params.url),
)
session.post('Debugger.enable')

function say(): void {
  const found = [...loaded].filter(url => /@nats-io|dist\/[^/]*\/?cluster\/|runtime\/cluster\//.test(url))
  process.stdout.write(`${JSON.stringify({ all: loaded.size, found })}\n`)
}

const { connect, createRuntime } = await import('../../runtime/index.js')
const { strict } = await import('./http-world.js')
const path = mkdtempSync(join(tmpdir(), 'perdure-embedded-'))
const runtime = await createRuntime({ actors: [strict], path })
await runtime.actor(strict, 's-1').send({ type: 'ADD', n: 1 })
const client = await connect({ actors: [strict], path })
await client.actor(strict, 's-1').ask({ type: 'ADD', n: 2 })
await client[Symbol.asyncDispose]()
await runtime.stop()
say()
await connect({ actors: [strict], servers: 'nats://127.0.0.1:1' }).catch(() => {})
say()
rmSync(path, { recursive: true })
session.disconnect()
