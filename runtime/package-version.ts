/** The version of this package, as its package.json says. */
import { existsSync, readFileSync } from 'node:fs'

/** Looked for upwards, since the compiled files lie at a depth of their own. */
export function packageVersion(): string {
  for (let directory = new URL('.', import.meta.url); ; directory = new URL('..', directory)) {
    const file = new URL('package.json', directory)
    const { name, version } = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {}
    if (name === 'perdure') return String(version)
    if (directory.pathname === '/') return 'unknown'
  }
}
