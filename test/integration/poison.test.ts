/** A command that kills its process is given up after three deaths; nothing else is lost with it. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { limits } from '../../actors/limits.js'
import { openJournal } from '../../journal/index.js'

const program = fileURLToPath(new URL('../support/poisonous-program.js', import.meta.url))

test('a command that kills its process becomes a dead letter, and no innocent one with it', t => {
  const path = mkdtempSync(join(tmpdir(), 'perdure-poison-'))
  t.after(() => rmSync(path, { recursive: true, force: true }))
  const runs = []
  for (let run = 1; run <= 10; run++) {
    const { signal, stdout, stderr, status } = spawnSync(process.execPath, [program, path, `${run}`], {
      encoding: 'utf8',
    })
    runs.push(signal ?? status)
    if (signal === 'SIGKILL') continue
    assert.equal(status, 0, stderr)
    const { answers, lives } = JSON.parse(stdout)
    assert.equal(answers[1], 'StepFailed')
    assert.equal(lives, 2, 'the poisoned actor lives on, as it was before')
    // In each run before this one, the innocent commands were sent once, and died with the process or not at all.
    assert.ok(answers[0] >= 1 && answers[0] <= run && answers[2] >= 1 && answers[2] <= run)
    break
  }
  assert.deepEqual(runs, [...Array(limits.poisonAttemptsMax).fill('SIGKILL'), 0])

  const journal = openJournal({ path, readOnly: true })
  const letters = journal.deadLetters(undefined, 10)
  assert.deepEqual(
    letters.map(({ command, error }) => [command.commandId, error.name]),
    [['boom', 'Poisonous']],
  )
  const applied = (key: string) =>
    journal.entries(`counter/${key}`, 0, 100).map(entry => `${entry.command.commandId} ${entry.outcome}`)
  assert.deepEqual(applied('poisoned'), [
    'first.start applied',
    'first applied',
    'boom failed',
    'last applied',
  ])
  for (const key of ['before', 'after']) assert.equal(new Set(applied(key)).size, applied(key).length)
  journal.close()
  assertRedrives(path, letters[0]!.id)
})

/** Redriven it kills again, as often as any poison may; then it is where it was, until the machine is mended. */
function assertRedrives(path: string, letter: string): void {
  const run = (task: string) => {
    const { signal, stdout } = spawnSync(process.execPath, [program, path, '', task], { encoding: 'utf8' })
    return signal ?? (JSON.parse(stdout) as string[])
  }
  // Begun after a good end the order dies with its process; begun after a kill it is durable before its step.
  assert.deepEqual([run('redrive'), run('redrive')], ['SIGKILL', 'SIGKILL'])
  const runs = []
  do runs.push(run('look'))
  while (runs.at(-1) === 'SIGKILL' && runs.length < 10)
  assert.deepEqual(runs, [...Array(limits.poisonAttemptsMax - 2).fill('SIGKILL'), [letter]])
  assert.deepEqual(run('mended'), [])
  const journal = openJournal({ path, readOnly: true })
  const last = journal.entries('counter/poisoned', 0, 100).at(-1)
  journal.close()
  assert.deepEqual(
    [last?.command.commandId, last?.command.redriven, last?.command.attempts, last?.outcome],
    ['boom', letter, undefined, 'applied'],
  )
}
