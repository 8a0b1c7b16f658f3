/**
 * The SCXML fixtures, each lived through under both executors side by side and through the durable codec after
 * every step: `runFixture` throws where the executors differ.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { differences } from '../../support/scxml/differences.js'
import { enabledInXState } from '../../support/scxml/enabled-in-xstate.js'
import { fixtures } from '../../support/scxml/fixtures.js'
import { type Outcome, runFixture } from './scxml-run.js'

const outcomes = new Map<string, Outcome>()
for (const fixture of fixtures())
  test(`SCXML ${fixture.name}: compiled and reference agree`, () => {
    outcomes.set(fixture.name, runFixture(fixture))
  })

function named(kind: Outcome['kind']): string[] {
  return [...outcomes].filter(([, outcome]) => outcome.kind === kind).map(([name]) => name)
}

test('SCXML: all 169 fixtures that XState enables do as SCXML expects', t => {
  const passed = named('passed').filter(name => enabledInXState.has(name))
  assert.equal(enabledInXState.size, 169)
  assert.deepEqual(
    [...enabledInXState].filter(name => !passed.includes(name)),
    [],
  )
  const convertible = outcomes.size - named('not convertible').length
  t.diagnostic(
    `${passed.length} of ${enabledInXState.size} enabled; ${named('passed').length} of ${convertible} convertible, of ${outcomes.size}`,
  )
})

test('SCXML: whatever else XState does otherwise is known, with its reason', () => {
  assert.deepEqual(named('differs').sort(), [...differences.keys()].sort())
})
