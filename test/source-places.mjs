/**
 * Places in compiled files as places in their sources. Node does it by itself with `--enable-source-maps`, for
 * every file a process loads: a tenth of what the fast tests take. Here only what failed is looked up.
 */
import { readFileSync } from 'node:fs'
import { SourceMap } from 'node:module'
import { dirname, relative, resolve } from 'node:path'

const maps = new Map()

/** The text, with each `file.js:line:column` that has a source map put as that of its source. */
export function inSources(text) {
  return text.replace(/(?:file:\/\/)?(\/[^\s()]+\.js):(\d+):(\d+)/g, (place, file, line, column) => {
    const found = mapOf(file)?.findEntry(line - 1, column - 1)
    if (found?.originalSource === undefined) return place
    const source = relative('.', resolve(dirname(file), found.originalSource))
    return `${source}:${found.originalLine + 1}:${found.originalColumn + 1}`
  })
}

function mapOf(file) {
  if (!maps.has(file)) maps.set(file, read(file))
  return maps.get(file)
}

function read(file) {
  try {
    return new SourceMap(JSON.parse(readFileSync(`${file}.map`, 'utf8')))
  } catch {
    return undefined
  }
}
