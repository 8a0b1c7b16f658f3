/**
 * Which test files run in one process. Starting one and loading the library costs more than most files do, so neighbours
 * share: each process is given a module that imports them one after the other (what newer versions of Node call
 * `--test-isolation=none`). Alone runs what is long, and what would reach the others: hooks of a whole file are hooks of
 * its process; clocks and environments that are replaced.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'

const ALONE = ['test/contracts/', 'test/integration/', 'test/scenarios/', 'test/simulation/']
const REACHES_OTHERS = /^(before|after)(Each)?\(|\bmock\.|\bprocess\.env\.\w+ = |\.setGlobal/m
const FILES_MAX = 10
const FOLDER = 'dist/test-processes'

/**
 * @param sources paths of test files, sorted
 * @returns what to run: the compiled files, or the modules that import several, each with the files in it
 */
export function sharedProcesses(sources) {
  rmSync(FOLDER, { recursive: true, force: true })
  mkdirSync(FOLDER, { recursive: true })
  const alone = sources.filter(isAlone)
  const sharing = sources.filter(source => !alone.includes(source)).map(compiled)
  const processes = alone.map(source => ({ file: compiled(source), files: [compiled(source)] }))
  for (let at = 0; at < sharing.length; at += FILES_MAX) {
    const files = sharing.slice(at, at + FILES_MAX)
    const file = join(FOLDER, `${at / FILES_MAX}.mjs`)
    const imports = files.map(path => `await import(${JSON.stringify(relative(FOLDER, path))})\n`)
    writeFileSync(file, imports.join(''))
    processes.push({ file, files })
  }
  return processes
}

/**
 * Node sees that a process has no test; of files that share one it is seen here.
 * @param written the compiled files in which tests are written that were run
 */
export function isSilent(file, written) {
  if (written.has(file)) return false
  const imports = readFileSync(file, 'utf8').matchAll(/ from '(\.[^']+)'/g)
  return ![...imports].some(([, path]) => written.has(join(dirname(file), path)))
}

export function compiled(source) {
  return join('dist', source.replace(/\.ts$/, '.js'))
}

function isAlone(source) {
  return ALONE.some(folder => source.startsWith(folder)) || REACHES_OTHERS.test(readFileSync(source, 'utf8'))
}
