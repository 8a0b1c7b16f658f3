/**
 * A runtime with a real journal, for tests whose subject is not how that is written. The whole run leaves the disk to
 * a thread of its own, as programs do; the loop while working does not, since starting one takes longer than most of
 * these tests.
 */
import { createEmbeddedRuntime, type RuntimeOptions } from '../../runtime/compose.js'
import type { Runtime } from '../../runtime/index.js'
import { isFull } from './effort.js'

export function createRuntime(options: RuntimeOptions): Promise<Runtime> {
  return createEmbeddedRuntime(options, { ownThread: isFull })
}
