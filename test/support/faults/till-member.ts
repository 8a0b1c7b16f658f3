/** A member of tills in a process of its own, seen from outside; gone with the test. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { TillProgram, TillSaid } from './till-program.js'

const PROGRAM = fileURLToPath(new URL('./till-program.js', import.meta.url))

export class TillMember {
  readonly id: string
  readonly process: ChildProcess
  /** Everything it said so far. */
  readonly said: TillSaid[] = []

  private constructor(program: TillProgram) {
    this.id = program.cluster.member
    this.process = spawn(process.execPath, ['--enable-source-maps', PROGRAM, JSON.stringify(program)], {
      // The end of its input is the end of the test, however that came.
      stdio: ['pipe', 'pipe', 'inherit'],
    })
  }

  /** Resolves once it is a member. */
  static async start(t: Pick<TestContext, 'after'>, program: TillProgram): Promise<TillMember> {
    const member = new TillMember(program)
    t.after(async () => {
      const { process } = member
      if (process.exitCode !== null || process.signalCode !== null) return
      const gone = once(process, 'exit')
      process.kill('SIGKILL')
      await gone
    })
    const lines = createInterface({ input: member.process.stdout! })
    lines.on('line', line => member.said.push(JSON.parse(line) as TillSaid))
    const ended = once(member.process, 'exit').then(([code]) => {
      throw new Error(`member ${member.id} ended with ${String(code)} before it was one`)
    })
    await Promise.race([once(lines, 'line'), ended])
    ended.catch(() => {})
    return member
  }

  /** Shards that it last said it owns. */
  get owned(): readonly number[] {
    return this.said.findLast(one => one.owned !== undefined)?.owned ?? []
  }

  /** Why it gave up shards that it did not hand over. */
  get losses(): { readonly shard: number; readonly name: string; readonly message: string }[] {
    return this.said.flatMap(({ message, facts }) =>
      message === 'a shard was lost here' && facts?.error !== undefined
        ? [{ shard: facts.shard ?? -1, name: facts.error.name, message: facts.error.message }]
        : [],
    )
  }
}
