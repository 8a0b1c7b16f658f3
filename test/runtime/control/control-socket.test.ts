import assert from 'node:assert/strict'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { get, type RequestListener } from 'node:http'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, suite, test } from 'node:test'
import { limitsWith } from '../../../actors/limits.js'
import { openControlSocket } from '../../../runtime/control/control-socket.js'
import { findControl } from '../../../runtime/control/places.js'
import { SystemClock } from '../../../runtime/system-clock.js'
import { gate } from '../../support/engine-world.js'

const made: string[] = []
afterEach(() => {
  for (const path of made.splice(0)) rmSync(path, { recursive: true, force: true })
})

function directory(deeper = ''): string {
  const path = mkdtempSync(join(tmpdir(), 'perdure-control-'))
  made.push(path)
  mkdirSync(join(path, deeper), { recursive: true })
  return join(path, deeper)
}

async function open(path: string, handler: RequestListener = (_, answer) => void answer.end('here')) {
  const warnings: unknown[] = []
  const logger = { warn: (...said: unknown[]) => warnings.push(said), error: () => {} }
  const clock = new SystemClock()
  const limits = limitsWith({ controlCloseMsMax: 50 })
  const control = await openControlSocket({ directory: path, handler, clock, limits, logger })
  return { control, warnings }
}

/** What a program with nothing but HTTP hears there. */
function heard(path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = get({ socketPath: findControl(path), path: '/', agent: false }, async answer => {
      try {
        resolve(Buffer.concat(await answer.toArray()).toString())
      } catch (error) {
        reject(error)
      }
    })
    asked.on('error', reject)
  })
}

const modeOf = (path: string) => (lstatSync(path).mode & 0o777).toString(8)

suite('the control socket', () => {
  test('answers in the data directory, for its owner alone, and leaves nothing behind', async () => {
    const path = directory()
    const umask = process.umask(0)
    try {
      const { control, warnings } = await open(path)
      assert.equal(findControl(path), join(path, 'control.sock'))
      assert.equal(modeOf(join(path, 'control.sock')), '600')
      assert.deepEqual(readdirSync(path), ['control.sock'])
      assert.equal(await heard(path), 'here')
      await control.close()
      assert.deepEqual(readdirSync(path), [])
      assert.deepEqual(warnings, [])
    } finally {
      process.umask(umask)
    }
  })

  test('takes the place of what a killed process left, socket, nest and pointer', async () => {
    const path = directory()
    const dead = createServer().listen(join(path, 'dead.sock'))
    await new Promise(resolve => dead.once('listening', resolve))
    renameSync(join(path, 'dead.sock'), join(path, 'control.sock'))
    await new Promise(resolve => dead.close(resolve))
    mkdirSync(join(path, '.control'))
    writeFileSync(join(path, '.control', 's'), '')
    writeFileSync(join(path, 'control'), '/nowhere/control.sock\n')
    await assert.rejects(heard(path), { code: 'ECONNREFUSED' })
    const { control } = await open(path)
    assert.equal(await heard(path), 'here')
    assert.deepEqual(readdirSync(path), ['control.sock'])
    await control.close()
  })

  test('stands elsewhere when its path would be too long, and is found, again after a kill', async () => {
    const path = directory(join('d'.repeat(60), 'd'.repeat(60)))
    const first = await open(path)
    const elsewhere = readFileSync(join(path, 'control'), 'utf8').trim()
    assert.ok(elsewhere.startsWith(tmpdir()) && elsewhere.length < 104, elsewhere)
    assert.deepEqual([modeOf(elsewhere), modeOf(dirname(elsewhere))], ['600', '700'])
    assert.equal(await heard(path), 'here')
    // Another start over what is left, as after a kill.
    const second = await open(path, (_, answer) => void answer.end('again'))
    assert.equal(await heard(path), 'again')
    await first.control.close()
    await second.control.close()
    assert.equal(existsSync(dirname(elsewhere)), false)
    assert.deepEqual(readdirSync(path), [])
    assert.equal(findControl(path), undefined)
  })

  test('that can stand nowhere is warned of once, saying what does not work, and harms nothing', async () => {
    const path = directory(join('d'.repeat(60), 'd'.repeat(60)))
    const { control } = await open(path)
    const outpost = dirname(readFileSync(join(path, 'control'), 'utf8').trim())
    await control.close()
    mkdirSync(outpost, { mode: 0o755 })
    made.push(outpost)
    const refused = await open(path)
    assert.equal(refused.warnings.length, 1)
    assert.match(JSON.stringify(refused.warnings), /command line.*connect.*cannot reach/)
    assert.match(JSON.stringify(refused.warnings), /open to others/)
    refused.control.retire()
    await refused.control.close()
  })

  test('retired takes nobody new and answers who is there; closed ends streams within its bound', async () => {
    const path = directory()
    const finishing: (() => void)[] = []
    const arrived = gate()
    const { control } = await open(path, ({ url }, answer) => {
      answer.write('begun ')
      finishing.push(url === '/' ? () => void answer.end('and ended') : () => {})
      if (finishing.length === 2) arrived.open()
    })
    const slow = heard(path)
    const endless = new Promise<Error>(resolve => {
      get({ socketPath: findControl(path), path: '/endless', agent: false }, answer => {
        answer.on('error', resolve).resume()
      })
    })
    await arrived.opened
    control.retire()
    assert.equal(findControl(path), undefined)
    for (const finish of finishing) finish()
    assert.equal(await slow, 'begun and ended')
    await control.close()
    assert.equal((await endless).message, 'aborted')
  })
})
