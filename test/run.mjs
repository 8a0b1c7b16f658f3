/**
 * Runs the compiled tests: `node test/run.mjs fast` (the loop while working: no servers, under a minute) or
 * `all`. Further arguments narrow it to sources that begin so: `node test/run.mjs all test/journal`.
 *
 * The sources say which tests there are, so what an earlier build left behind is never run; a test that was
 * not compiled is a failure, and so is a file or a run without a test. A test is slow by its folder, not by its
 * name; how hard it tries is told by `PERDURE_TEST_EFFORT` (test/support/effort.ts): `fast` is short, `all` is full.
 * What `fast` writes it writes into memory where it can; `all` has the disk. What took longest the last time begins
 * first, so that no long file is left over at the end; short ones share a process (test/shared-processes.mjs).
 */
import { existsSync, readdirSync, readFileSync, statfsSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { dirname, join, posix, relative, resolve } from 'node:path'
import { run } from 'node:test'
import { spec } from 'node:test/reporters'
import { fileURLToPath } from 'node:url'
import { compiled, isSilent, sharedProcesses } from './shared-processes.mjs'
import { inSources } from './source-places.mjs'

const SHARED_MEMORY_BYTES_MIN = 2 ** 30
const SLOW = ['test/scenarios/', 'test/integration/']
const SUITES = {
  fast: {
    takes: path => !SLOW.some(folder => path.startsWith(folder)),
    effort: 'short',
    fileMinutesMax: 2,
    inMemory: true,
  },
  all: { takes: () => true, effort: 'full', fileMinutesMax: 30, inMemory: false },
}

const [name = 'all', ...prefixes] = process.argv.slice(2)
const suite = SUITES[name]
if (suite === undefined) fail(`no suite '${name}': expected one of ${Object.keys(SUITES).join(', ')}`)

process.chdir(join(dirname(fileURLToPath(import.meta.url)), '..'))
const sources = readdirSync('test', { recursive: true })
  .map(path => posix.join('test', path.replaceAll('\\', '/')))
  .filter(path => path.endsWith('.test.ts') && suite.takes(path))
  .filter(path => prefixes.length === 0 || prefixes.some(prefix => path.startsWith(prefix)))
  .sort()
if (sources.length === 0) fail(`no test in '${name}' begins with ${prefixes.join(' or ') || 'test/'}`)

const files = sources.map(compiled)
const missing = files.filter(file => !existsSync(file))
if (missing.length > 0) fail(`not compiled: ${missing.join(', ')}; run 'npm run build'`)

process.env.PERDURE_TEST_EFFORT ??= suite.effort
if (suite.inMemory) process.env.TMPDIR ??= inMemory()
if (!process.stdout.isTTY) process.env.NO_COLOR = '1'

const lastTimes = readTimes(`dist/test-times-${name}.json`)
const times = {}
const processes = sharedProcesses(sources)
processes.sort((one, other) => lastTime(other) - lastTime(one) || 0)

const counts = []
const silent = []
const written = new Set()
let passed = 0
// One more than there are cores: some files wait more than they work.
run({
  files: processes.map(({ file }) => file),
  concurrency: availableParallelism() + 1,
  timeout: suite.fileMinutesMax * 60_000,
})
  .on('test:pass', ({ name, nesting, file, details }) => {
    if (nesting === 0 && file !== undefined) {
      const path = relative('.', file)
      times[path] = (times[path] ?? 0) + details.duration_ms
      written.add(path)
    }
    // Node reports the file itself when nothing in it was a test.
    if (processes.some(({ file }) => resolve(file) === resolve(name))) silent.push(name)
    else passed += 1
  })
  .on('test:fail', ({ file, todo }) => {
    if (file !== undefined) written.add(relative('.', file))
    if (todo === undefined || todo === false) process.exitCode = 1
  })
  .compose(holdCounts)
  .compose(namePlaces)
  .compose(spec)
  .on('end', () => {
    process.stdout.write(`\n${counts.map(line => `# ${line}\n`).join('')}`)
    for (const { files } of processes)
      if (files.length > 1) silent.push(...files.filter(file => isSilent(file, written)))
    if (silent.length > 0) complain(`without a test: ${silent.join(', ')}`)
    if (passed === 0) complain('no test passed')
    writeFileSync(`dist/test-times-${name}.json`, JSON.stringify({ ...lastTimes, ...times }, null, 1))
  })
  .pipe(process.stdout)

/** Keeps node's closing counts (`pass 12`, …) back, to end with them on a terminal and in a log alike. */
async function* holdCounts(events) {
  for await (const event of events) {
    const { nesting, message } = event.data
    if (event.type === 'test:diagnostic' && nesting === 0 && /^[a-z_]+ [\d.]+$/.test(message))
      counts.push(message)
    else yield event
  }
}

/** Says of what failed where it is in the sources. */
async function* namePlaces(events) {
  for await (const event of events) {
    const { type, data } = event
    if (type === 'test:stderr') yield { type, data: { ...data, message: inSources(data.message) } }
    else {
      for (let error = data.details?.error; error instanceof Error; error = error.cause)
        if (typeof error.stack === 'string') error.stack = inSources(error.stack)
      yield data.file === undefined ? event : { type, data: { ...data, ...placeOf(data) } }
    }
  }
}

function placeOf({ file, line, column }) {
  const [, ...place] = /^(.*):(\d+):(\d+)$/.exec(inSources(`${file}:${line}:${column}`))
  return { file: place[0], line: place[1], column: place[2] }
}

/** Where no sync waits for a disk, if there is such a place with room. */
function inMemory() {
  const path = '/dev/shm'
  if (!existsSync(path)) return tmpdir()
  const { bavail, bsize } = statfsSync(path)
  return bavail * bsize >= SHARED_MEMORY_BYTES_MIN ? path : tmpdir()
}

/** Milliseconds by file. What is not known yet may well be long. */
function readTimes(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    return {}
  }
}

function lastTime({ files }) {
  return files.reduce((sum, file) => sum + (lastTimes[file] ?? Infinity), 0)
}

function complain(message) {
  console.error(message)
  process.exitCode = 1
}

function fail(message) {
  complain(message)
  process.exit()
}
