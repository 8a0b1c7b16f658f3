/**
 * A nats-server is found where it was given, on the search path or in the cache, and fetched where it was not:
 * once, however many processes want it.
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { copyFile, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { suite, type TestContext, test } from 'node:test'
import { BinaryCache } from '../../../runtime/demo/nats-server/binary-cache.js'
import { findNatsServer } from '../../../runtime/demo/nats-server/find-server.js'

async function directory(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'perdure-find-'))
  t.after(() => rm(path, { recursive: true }))
  return path
}

/** A program that says it is a nats-server of that version. */
async function impostor(folder: string, version: string): Promise<string> {
  const path = join(folder, 'nats-server')
  await mkdir(folder, { recursive: true })
  await writeFile(path, `#!${process.execPath}\nconsole.log('nats-server: v${version}')\n`, { mode: 0o755 })
  return path
}

/** Answers every request with what it is given. */
async function releases(t: TestContext, status: number, body: string): Promise<string> {
  const server = createServer((_, response) => response.writeHead(status).end(body))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** A search path with what a fetch needs, and no nats-server. */
async function plainPath(folder: string): Promise<string> {
  await mkdir(folder)
  for (const program of ['tar', 'gzip']) await symlink(whereIs(program), join(folder, program))
  return folder
}

function whereIs(program: string): string {
  const found = (process.env.PATH ?? '').split(delimiter).map(folder => join(folder, program))
  return found.find(path => canRun(path)) ?? program
}

function canRun(path: string): boolean {
  try {
    execFileSync(path, ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

suite('where a nats-server is found', () => {
  test('the one given by the environment comes first', async t => {
    const folder = await directory(t)
    const given = await impostor(join(folder, 'given'), '2.13.4')
    const path = join(folder, 'path')
    await impostor(path, '2.14.0')
    const found = await findNatsServer({ env: { PERDURE_NATS_SERVER: given, PATH: path } })
    assert.deepEqual(found, { path: given, version: '2.13.4' })
  })

  test('one that was given and will not do is an error, never passed over', async t => {
    const folder = await directory(t)
    const old = await impostor(folder, '2.11.9')
    await assert.rejects(findNatsServer({ env: { PERDURE_NATS_SERVER: old, PATH: '' } }), {
      name: 'UnavailableError',
      message: `PERDURE_NATS_SERVER=${old}: expected a nats-server 2.12 or newer, found version 2.11.9`,
    })
    await assert.rejects(findNatsServer({ env: { PERDURE_NATS_SERVER: '/nowhere', PATH: '' } }), {
      message:
        'PERDURE_NATS_SERVER=/nowhere: expected a nats-server 2.12 or newer, found no nats-server that runs',
    })
  })

  test('on the search path, one too old is passed over; of the cache, the newest is taken', async t => {
    const folder = await directory(t)
    const [old, recent] = [join(folder, 'old'), join(folder, 'recent')]
    await impostor(old, '2.10.1')
    const path = await impostor(recent, '2.12.0')
    const env = { PATH: `${old}${delimiter}${recent}`, XDG_CACHE_HOME: folder }
    assert.deepEqual(await findNatsServer({ env }), { path, version: '2.12.0' })

    const cache = join(folder, 'perdure')
    await mkdir(cache)
    for (const version of ['2.9.0', '2.12.9', '2.12.10'])
      await copyFile(await impostor(join(folder, version), version), join(cache, `nats-server-${version}`))
    const cached = await findNatsServer({ env: { ...env, PATH: old } })
    assert.deepEqual(cached, { path: join(cache, 'nats-server-2.12.10'), version: '2.12.10' })
  })
})

suite('fetching a nats-server', () => {
  test('several at once fetch once, and none sees a half of it', async t => {
    const folder = await directory(t)
    let fetched = 0
    const fill = () =>
      new BinaryCache(join(folder, 'perdure')).fill(async into => {
        fetched += 1
        return await impostor(into, '2.12.3')
      })
    const found = await Promise.all([fill(), fill(), fill(), fill()])
    const path = join(folder, 'perdure', 'nats-server-2.12.3')
    assert.deepEqual(found, Array(4).fill({ path, version: '2.12.3' }))
    assert.equal(fetched, 1)
    assert.deepEqual(await readdir(join(folder, 'perdure')), ['nats-server-2.12.3'])
  })

  test('a lock whose holder has died holds nobody up', async t => {
    const folder = await directory(t)
    const dead = execFileSync(process.execPath, ['-p', 'process.pid'], { encoding: 'utf8' }).trim()
    await writeFile(join(folder, 'nats-server.lock'), dead)
    const found = await new BinaryCache(folder).fill(into => impostor(into, '2.12.3'))
    assert.equal(found?.version, '2.12.3')
  })

  test('what is not the release is refused; where nobody has one, the error names all that was tried', async t => {
    const folder = await directory(t)
    const env = { PATH: await plainPath(join(folder, 'bin')), XDG_CACHE_HOME: folder }
    const wrong = await releases(t, 200, 'not the release')
    const { PATH } = process.env
    // apt is looked for on the search path of this very process.
    process.env.PATH = env.PATH
    t.after(() => {
      process.env.PATH = PATH
    })
    await assert.rejects(findNatsServer({ env, releases: wrong }), (error: Error) => {
      assert.match(error.message, /^no nats-server 2\.12 or newer was found; set PERDURE_NATS_SERVER/)
      assert.match(error.message, /nats-server on PATH: none that is recent/)
      assert.match(error.message, /perdure: nothing there/)
      assert.match(error.message, /the official release: .*expected SHA-256 [0-9a-f]{64}, found [0-9a-f]{64}/)
      assert.match(error.message, /the newest Debian build, by apt: spawn apt-get ENOENT/)
      return true
    })
    const gone = await releases(t, 404, '')
    await assert.rejects(findNatsServer({ env, releases: gone }), /the official release: http.*: HTTP 404/)
    assert.deepEqual(await readdir(join(folder, 'perdure')), [], 'nothing is left behind')
  })

  test('where the release cannot be reached, apt brings the newest Debian build', {
    skip: canRun(whereIs('apt-get')) ? false : 'there is no apt here',
    timeout: 120_000,
  }, async t => {
    const folder = await directory(t)
    const env = { PATH: await plainPath(join(folder, 'bin')), XDG_CACHE_HOME: folder }
    const gone = await releases(t, 404, '')
    const found = await findNatsServer({ env, releases: gone })
    assert.equal(found.path, join(folder, 'perdure', `nats-server-${found.version}`))
    assert.deepEqual(await readdir(join(folder, 'perdure')), [`nats-server-${found.version}`])
    assert.deepEqual(await findNatsServer({ env, releases: gone }), found, 'from the cache, the second time')
  })
})
