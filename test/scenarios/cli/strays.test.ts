/**
 * The command line where things are not as they should be: a runtime without a socket, one that goes away in
 * mid-answer, a full disk, a web page from elsewhere, an argument left empty.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { createServer, get, type IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { createRuntime } from '../../../runtime/index.js'
import { cart } from './shop.js'
import { perdure, Running, shop } from './terminal.js'

const main = fileURLToPath(new URL('../../../runtime/cli/main.js', import.meta.url))
const directory = realpathSync(mkdtempSync(join(tmpdir(), 'perdure-strays-')))
const place = (name: string) => join(directory, name)

after(() => rmSync(directory, { recursive: true, force: true }))

async function statusOf(url: string, headers: Record<string, string>): Promise<number | undefined> {
  const [incoming] = (await once(get(url, { headers, agent: false }), 'response')) as [IncomingMessage]
  incoming.resume()
  return incoming.statusCode
}

describe('a runtime without a control socket', () => {
  it('runs on until it is told to stop', async () => {
    const data = place('no-socket')
    // What stands where the socket is made cannot be taken away, nor can one be made elsewhere.
    mkdirSync(join(data, 'control.sock', 'in-the-way'), { recursive: true })
    const runtime = new Running(data, ['start', shop], undefined, { TMPDIR: place('nowhere') })
    await runtime.printed(/\n/)
    const sent = await perdure(data, 'send', 'cart/c', 'add', '{"item":"tea"}')
    assert.equal(sent.code, 3)
    assert.match(
      sent.stderr,
      new RegExp(`a runtime runs on .* \\(pid ${runtime.process.pid}\\), but has no control socket`),
    )
    assert.match(
      (await perdure(data, 'stats')).stdout,
      /one runs here \(pid \d+\), but has no control socket/,
    )
    const { code, stderr } = await runtime.stop('SIGTERM')
    assert.equal(code, 0)
    assert.match(stderr, /no control socket/)
    assert.match((await perdure(data, 'send', 'cart/c', 'add')).stderr, /no runtime answers/)
  })
})

it('verify asks for the definitions of a journal that is no demo’s', async () => {
  const path = place('own-actors')
  const runtime = await createRuntime({ actors: [cart], path })
  await runtime.actor(cart, 'c').send({ type: 'add', item: 'tea' })
  await runtime.stop()
  const { code, stderr } = await perdure(undefined, 'verify', path)
  assert.equal(code, 2)
  assert.match(stderr, /own-actors is not a demo's: expected --actors/)
  assert.equal((await perdure(undefined, 'verify', path, '--actors', shop)).code, 0)
})

describe('the HTTP API of perdure start', () => {
  it('is for this machine alone, by whatever name or page it is reached', async () => {
    const runtime = new Running(place('http'), ['start', shop, '--http', '0', '--metrics'])
    await runtime.printed(/\n/)
    const url = /http:\/\/127\.0\.0\.1:\d+/.exec(runtime.seen.stdout)![0]
    const { port } = new URL(url)
    for (const path of ['/', '/metrics']) {
      for (const host of [
        'evil.example',
        `evil.example:${port}`,
        'localhost.evil.example',
        '127.0.0.1.evil.example',
      ])
        assert.equal(await statusOf(url + path, { host }), 403, host)
      for (const origin of ['https://evil.example', 'null', 'http://localhost.evil.example'])
        assert.equal(await statusOf(url + path, { origin }), 403, origin)
      for (const host of ['localhost', `localhost:${port}`, '127.0.0.1:1', '[::1]:80'])
        assert.notEqual(await statusOf(url + path, { host, origin: 'http://localhost:5173' }), 403, host)
    }
    assert.equal((await runtime.stop('SIGTERM')).code, 0)
  })
})

describe('perdure where it cannot do what was asked', () => {
  it('names the id of a command whose runtime goes away before it answers', async () => {
    const data = place('goes-away')
    mkdirSync(data)
    const ids: (string | null)[] = []
    const server = createServer((request, response) => {
      if (request.method === 'GET')
        return void response.writeHead(200, { 'content-type': 'application/json' }).end('{"ok":true}')
      ids.push(new URL(request.url!, 'http://perdure').searchParams.get('commandId'))
      request.socket.destroy()
    })
    server.listen(join(data, 'control.sock'))
    await once(server, 'listening')
    try {
      for (const command of [
        ['send', 'order/o-1', 'CANCEL'],
        ['ask', 'order/o-1', 'CANCEL'],
        ['create', 'order/o-1', '{}'],
      ]) {
        const { code, stderr } = await perdure(data, ...command)
        assert.equal(code, 3)
        assert.match(stderr, new RegExp(`went away before it answered.*--id ${ids.at(-1)}\n$`))
      }
      assert.equal(new Set(ids).size, 3)
      const { stderr } = await perdure(data, 'send', 'order/o-1', 'CANCEL', '--id', 'mine')
      assert.match(stderr, /--id mine\n$/)
    } finally {
      server.close()
      server.closeAllConnections()
    }
  })

  it('says in one line that the disk its output goes to is full', async () => {
    const script = `'${process.execPath}' '${main}' --help > /dev/full; echo $?`
    const { stdout, stderr } = await promisify(execFile)('bash', ['-c', script])
    assert.equal(stdout, '70\n')
    assert.match(stderr, /^perdure: standard output cannot be written: .*ENOSPC.*\n$/)
  })

  it('shows no state for an entry that is not there yet', async () => {
    const data = place('later')
    const runtime = await createRuntime({ actors: [cart], path: data })
    await runtime.actor(cart, 'c').send({ type: 'add', item: 'tea' })
    const check = async () => {
      const { code, stdout, stderr } = await perdure(data, 'get', 'cart/c', '--at', '999')
      assert.deepEqual([code, stdout], [1, ''])
      assert.match(stderr, /cart\/c has no entry 999: its last is \d+/)
    }
    await check()
    await runtime.stop()
    await check()
  })

  it('takes no reason, path or id that was left empty', async () => {
    const data = place('later')
    for (const args of [
      ['terminate', 'cart/c', ''],
      ['backup', ''],
      ['restore', '', place('x')],
      ['restore', data, ' '],
    ])
      assert.equal((await perdure(data, ...args)).code, 2, args.join(' '))
    const runtime = await createRuntime({ actors: [cart], path: data })
    const unnamed = await perdure(data, 'send', 'cart/c', 'add', '--id', '')
    await runtime.stop()
    assert.equal(unnamed.code, 2)
    assert.match(unnamed.stderr, /expected a non-empty string, found an empty one/)
  })
})
