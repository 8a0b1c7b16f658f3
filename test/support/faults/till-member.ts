/** A member of tills in a process of its own, seen from outside; gone with the test. */
import type { ChildProcess } from 'node:child_process'
import type { TestContext } from 'node:test'
import { ChildProgram } from '../child-program.js'
import type { TillProgram, TillSaid } from './till-program.js'

const PROGRAM = new URL('./till-program.js', import.meta.url)

export class TillMember {
  readonly id: string
  /** Everything it said so far. */
  readonly said: TillSaid[] = []
  readonly #child: ChildProgram

  private constructor(program: TillProgram) {
    this.id = program.cluster.member
    this.#child = new ChildProgram(PROGRAM, [JSON.stringify(program)], { execArgv: ['--enable-source-maps'] })
    this.#child.output.on('line', line => this.said.push(JSON.parse(line) as TillSaid))
  }

  /** Resolves once it is a member. */
  static async start(t: Pick<TestContext, 'after'>, program: TillProgram): Promise<TillMember> {
    const member = new TillMember(program)
    t.after(() => member.#child.end())
    await member.#child.ready()
    return member
  }

  get process(): ChildProcess {
    return this.#child.process
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
