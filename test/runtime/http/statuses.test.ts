/** docs/errors.md lists every code there is, with its status, and none besides. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { requestStatuses, setupStatuses } from '../../../runtime/http/statuses.js'
import { sourceRoot } from '../../support/source-root.js'

const root = sourceRoot(dirname(fileURLToPath(import.meta.url)))
const [, ofRequests = '', ofSetups = '', ofMachines = ''] = readFileSync(
  join(root, 'docs/errors.md'),
  'utf8',
).split(/^## /m)

/** The rows of a section's table: the codes of the first cell with the text of the second. */
function rowsOf(section: string): [string, string][] {
  const rows = section.split('\n').filter(line => /^\| `[A-Z]/.test(line))
  return rows.flatMap(row => {
    const [, first = '', second = ''] = row.split('|')
    return [...first.matchAll(/`(\w+)`/g)].map(([, code]): [string, string] => [code!, second.trim()])
  })
}

const statusesIn = (section: string) =>
  Object.fromEntries(rowsOf(section).map(([code, status]) => [code, Number(status)]))

test('every code of a request that was refused, with its status', () => {
  assert.deepEqual(statusesIn(ofRequests), requestStatuses)
})

test('every code of a start that was refused, with its status', () => {
  assert.deepEqual(statusesIn(ofSetups), setupStatuses)
})

test('every code that the engine gives a machine', () => {
  const sources = ['step', 'dispatch', 'commit', 'inbox'].flatMap(room => {
    const directory = join(root, 'runtime', room)
    return readdirSync(directory).map(file => readFileSync(join(directory, file), 'utf8'))
  })
  const given = new Set(
    sources.flatMap(text => [...text.matchAll(/\bcode: '(\w+)'/g)].map(([, code]) => code!)),
  )
  const told = new Set([...ofMachines.matchAll(/`([A-Z]\w+)`/g)].map(([, code]) => code!))
  assert.ok(given.size >= 5)
  assert.deepEqual(
    [...given].filter(code => !told.has(code)),
    [],
    'not told of',
  )
  assert.deepEqual(
    [...told].filter(code => !given.has(code) && !Object.hasOwn(requestStatuses, code)),
    [],
    'nobody gives',
  )
})
