/** Members of one cluster in processes of their own, gone with the test. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { ChildProgram } from './child-program.js'

export class ChildMembers {
  /** Of all of them: for what they do outside, and by default for their journals. */
  readonly directory: string
  readonly #program: URL
  readonly #children = new Map<string, ChildProgram>()

  /** @param program takes its setting as JSON, says a line once it is a member, and leaves when it is told to end */
  constructor(t: Pick<TestContext, 'after'>, program: URL) {
    this.#program = program
    this.directory = mkdtempSync(join(tmpdir(), 'perdure-members-'))
    t.after(async () => {
      await Promise.all([...this.#children.values()].map(child => child.end()))
      rmSync(this.directory, { recursive: true, force: true, maxRetries: 5 })
    })
  }

  /** Resolves once it is a member. */
  async start(member: string, setting: object): Promise<void> {
    const child = new ChildProgram(this.#program, [JSON.stringify(setting)])
    this.#children.set(member, child)
    await child.ready()
  }

  async end(member: string, signal: NodeJS.Signals): Promise<void> {
    await this.#children.get(member)!.end(signal)
  }
}
