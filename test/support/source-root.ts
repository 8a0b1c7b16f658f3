/** Where the sources are: tests run compiled, and some of them read what stands beside their sources. */
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'

export function sourceRoot(from: string): string {
  return existsSync(join(from, 'test/support/source-root.ts')) ? from : sourceRoot(dirname(from))
}
