/** The members of a demo's cluster, each in a process of its own that is started again whenever it is killed. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { UnavailableError } from '../../../actors/errors.js'
import { Child } from '../child.js'
import { deferred } from '../deferred.js'
import { logFile } from '../demo-directory.js'

/** What one member's process is told. */
export interface MemberProgram {
  /** Where its desks keep their files, and its journals are. */
  readonly directory: string
  readonly gatewayPort: number
  readonly answerMsMax: number
  /** Absent: it is no member, but an embedded runtime. */
  readonly cluster?: {
    readonly servers: readonly string[]
    readonly name: string
    readonly member: string
    readonly shards: number
    readonly replicas: number
  }
}

/** One program, killed and started again. */
export class MemberProcess {
  readonly #program: MemberProgram
  readonly #log: string
  #child: Child<string, object> | undefined

  constructor(program: MemberProgram, log: string) {
    this.#program = program
    this.#log = log
    mkdirSync(program.directory, { recursive: true })
  }

  /** Resolves once it is a member. @throws UnavailableError when it ends instead. */
  async start(): Promise<void> {
    const ready = deferred<void>()
    const child = await Child.start<string, object>(
      new URL('./member-process.js', import.meta.url),
      [JSON.stringify(this.#program)],
      this.#log,
      () => ready.resolve(),
    )
    this.#child = child
    child.ended
      .then(() => ready.reject(new UnavailableError(`a member ended at its start: see ${this.#log}`)))
      .catch(ready.reject)
    await ready.promise
  }

  async kill(): Promise<void> {
    this.#child?.kill()
    await this.#child?.ended
  }

  /** It hands its shards over and ends. */
  async stop(): Promise<void> {
    this.#child?.say({})
    await this.#child?.ended
  }
}

export interface FleetOptions {
  readonly members: number
  readonly directory: string
  readonly gateway: { readonly port: number; readonly answerMsMax: number }
  readonly servers: readonly string[]
  readonly name: string
  readonly shards: number
  readonly replicas: number
}

export class MemberFleet {
  kills = 0
  readonly #members: readonly MemberProcess[]
  #killing: Promise<void> | undefined

  constructor({ members, directory, gateway, ...cluster }: FleetOptions) {
    this.#members = Array.from({ length: members }, (_, nth) => {
      const { port: gatewayPort, answerMsMax } = gateway
      const member = `member-${nth}`
      const own = join(directory, member)
      const program = { directory: own, gatewayPort, answerMsMax, cluster: { ...cluster, member } }
      return new MemberProcess(program, logFile(directory))
    })
  }

  async start(): Promise<void> {
    for (const member of this.#members) await member.start()
  }

  /** `kill -9`, each in its turn; it is a member again a while later. Does nothing while another is on its way. */
  killNext(): void {
    this.#killing ??= this.#killAndStart(this.#members[this.kills++ % this.#members.length]!)
  }

  async #killAndStart(member: MemberProcess): Promise<void> {
    await member.kill()
    await member.start()
    this.#killing = undefined
  }

  /** Whether one that was killed is not there again yet. */
  get isKilling(): boolean {
    return this.#killing !== undefined
  }

  /** Resolves when all are there. */
  async whole(): Promise<void> {
    await this.#killing
  }

  async end(): Promise<void> {
    await this.#killing?.catch(() => {})
    await Promise.all(this.#members.map(member => member.kill()))
  }
}
