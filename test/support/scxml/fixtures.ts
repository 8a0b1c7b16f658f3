/**
 * The SCXML fixtures of `@scion-scxml/test-framework`: documents, each with the states it is to be in.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

export interface Expectation {
  readonly initialConfiguration: readonly string[]
  readonly events: readonly {
    /** Milliseconds that pass before the event. */
    readonly after?: number
    readonly event: { readonly name: string }
    readonly nextConfiguration: readonly string[]
  }[]
}

export interface Fixture {
  /** `group/name`. */
  readonly name: string
  readonly source: string
  readonly expectation: Expectation
}

const folder = join(
  dirname(createRequire(import.meta.url).resolve('@scion-scxml/test-framework/package.json')),
  'test',
)

/** All that say what they expect. */
export function fixtures(): Fixture[] {
  return readdirSync(folder, { recursive: true })
    .map(String)
    .filter(path => path.endsWith('.scxml') && existsSync(expectationFile(path)))
    .sort()
    .map(path => ({
      name: path.replace(/(\.txml)?\.scxml$/, ''),
      source: readFileSync(join(folder, path), 'utf8'),
      expectation: JSON.parse(readFileSync(expectationFile(path), 'utf8')) as Expectation,
    }))
}

function expectationFile(path: string): string {
  return join(folder, path.replace(/\.scxml$/, '.json'))
}
