/** Ids of commands that nobody named: for whoever gives one, in this process or for a runtime elsewhere. */
import { randomUUID } from 'node:crypto'

/** A command id nobody had before, in any process. */
export function mintCommandId(): string {
  return randomUUID()
}
