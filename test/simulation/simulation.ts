/**
 * One run: a runtime on a disk, clients and a world around it, and deaths in between. When the clients are
 * done it is left to come to rest, and what is left is checked.
 *
 * Invariant: the seed decides all of it; the trace of two runs of one seed is the same.
 */
import { toErrorValue } from '../../actors/codec.js'
import type { Journal } from '../../actors/journal.js'
import type { AttemptOrder } from '../../runtime/dispatch/attempt.js'
import { EmbeddedRuntime } from '../../runtime/embedded/embedded-runtime.js'
import { checkAll } from './checks/all.js'
import { happenings } from './checks/happenings.js'
import { type Answer, Clients, type Given } from './clients.js'
import { type Definitions, definitionsFor } from './definitions.js'
import { type Disk, FileDisk, MemoryDisk } from './disk.js'
import { Operator } from './operator.js'
import { type Plan, planFor } from './plan.js'
import { Random } from './random.js'
import { RunRecord } from './run-record.js'
import type { Sabotage } from './sabotage.js'
import { ProcessClock, Scheduler } from './scheduler.js'
import { type SettleFault, simulatedJournal, type WriteFault } from './simulated-journal.js'
import { attemptName, Truth } from './truth.js'
import { Watch } from './watch.js'
import { World } from './world.js'

const START_MS = Date.UTC(2026, 0, 1)
/** Tasks after which a run that has not come to rest never will. */
const STEPS_MAX = 60_000

/** How late a timer may fire when nothing hinders it. */
const LATE_MS_MAX = 500
/** How long it may take to make up for what was missed. */
const CATCH_UP_MS = 3_000

export interface SimulationOptions {
  readonly seed: number
  /** What is to be noticed. */
  readonly sabotage?: Sabotage
  /** Told each step of the run. */
  readonly onTrace?: (line: string) => void
}

export interface SimulationResult {
  readonly seed: number
  /** What was promised and not kept; undefined when all was. */
  readonly failure: string | undefined
  readonly steps: number
  readonly entries: number
  readonly crashes: number
  /** Hash of all that happened, in order. */
  readonly trace: string
  /** What happened how often. */
  readonly counts: Readonly<Record<string, number>>
}

interface Process {
  alive: boolean
  readonly number: number
  readonly runtime: EmbeddedRuntime
}

export function simulate(options: SimulationOptions): Promise<SimulationResult> {
  return new Simulation(options).run()
}

class Simulation {
  readonly #options: SimulationOptions
  readonly #plan: Plan
  readonly #scheduler: Scheduler
  readonly #faults: Random
  readonly #world: World
  readonly #definitions: Definitions
  readonly #disk: Disk
  readonly #truth: Truth
  readonly #clients: Clients
  readonly #operator: Operator
  readonly #watch: Watch
  readonly #record: RunRecord
  #process: Process | undefined
  /** The process there is, starting and stopping ones too; `#process` only while it takes orders. */
  #living: { alive: boolean } | undefined
  #processes = 0
  #crashes = 0
  #isStormy = true
  /** By the clock of the process: since when nothing has hindered it. */
  #calmSinceMs = Number.POSITIVE_INFINITY
  #noteCalm = () => {}

  constructor(options: SimulationOptions) {
    const { seed } = options
    const stream = (name: string) => new Random(seed, name)
    this.#options = options
    this.#plan = planFor(stream('plan'))
    this.#faults = stream('faults')
    const scheduler = new Scheduler(START_MS, stream('order'))
    this.#scheduler = scheduler
    const record = new RunRecord(scheduler, START_MS, options.onTrace)
    this.#record = record
    const { count, trace, fail } = record
    this.#world = new World({
      scheduler,
      random: stream('world'),
      caller: () => this.#caller,
      kill: () => this.#die('of a command'),
      door: () => this.#process?.runtime.service,
      count,
      trace,
      fail,
    })
    this.#definitions = definitionsFor(this.#world, this.#plan.snapshotEvery)
    this.#truth = new Truth({ fail, timerFired: (dueAt, at, what) => this.#timerFired(dueAt, at, what) })
    this.#disk =
      this.#plan.disk === 'memory'
        ? new MemoryDisk(stream('disk'))
        : new FileDisk({
            random: stream('disk'),
            limits: this.#plan.limits,
            lies: options.sabotage?.diskLies === true,
            onDamage: what => fail(`damage was found: ${what}`),
          })
    this.#watch = new Watch({ truth: this.#truth, definitions: this.#definitions, trace, fail })
    const random = stream('clients')
    this.#clients = new Clients(
      {
        scheduler,
        random,
        definitions: this.#definitions,
        process: () => this.#process,
        answered: (given, answer) => this.#answered(given, answer),
        trace,
        fail,
      },
      this.#plan,
    )
    this.#operator = new Operator(
      {
        scheduler,
        random: stream('operator'),
        process: () => this.#process,
        count,
        trace,
        fail,
      },
      this.#plan.busyMs,
    )
  }

  get #caller() {
    return this.#living?.alive === true ? this.#living : undefined
  }

  async run(): Promise<SimulationResult> {
    const { seed } = this.#options
    this.#record.trace(`seed ${seed}: ${JSON.stringify(this.#plan)}`)
    try {
      this.#start()
      await this.#runUntil(() => this.#clients.open.length === 0 && this.#isOver)
      this.#calm()
      await this.#runUntil(() => false)
      if (this.#record.failure === undefined) this.#check()
      if (this.#record.failure === undefined) this.#reopen()
    } catch (error) {
      this.#record.fail(error instanceof Error ? String(error.stack) : String(error))
    }
    if (this.#living !== undefined) this.#living.alive = false
    this.#disk.remove()
    return {
      seed,
      failure: this.#record.failure,
      steps: this.#scheduler.steps,
      entries: this.#truth.position,
      crashes: this.#crashes,
      trace: this.#record.digest(),
      counts: this.#record.counts,
    }
  }

  get #isOver(): boolean {
    return this.#scheduler.now - START_MS > this.#plan.busyMs
  }

  async #runUntil(isDone: () => boolean): Promise<void> {
    const { deathAtTask, stopAtTask } = this.#plan
    while (this.#record.failure === undefined && !isDone()) {
      if (this.#scheduler.steps > STEPS_MAX) return this.#record.fail(`no rest after ${STEPS_MAX} tasks`)
      if (!(await this.#scheduler.step())) return
      if (this.#process === undefined) continue
      if (this.#mayDie && this.#faults.chance(deathAtTask)) this.#die('between two tasks')
      else if (this.#isStormy && this.#faults.chance(stopAtTask)) this.#stop()
    }
  }

  /** No more faults: what was begun must end. */
  #calm(): void {
    this.#record.trace('calm')
    this.#isStormy = false
    this.#noteCalm()
    this.#world.books.kind = true
    this.#clients.patient = true
    this.#operator.leave()
  }

  get #mayDie(): boolean {
    return this.#isStormy && this.#crashes < this.#plan.crashesMax
  }

  #start(): void {
    const { limits } = this.#plan
    const process = { alive: true, number: ++this.#processes }
    this.#living = process
    // A clock set wrong does not make time run backwards for an actor.
    const offsetMs = this.#faults.chance(0.3) ? this.#faults.between(-3_000, 3_000) : 0
    const clock = new ProcessClock(this.#scheduler, this.#faults, process, offsetMs)
    this.#record.trace(`start ${process.number}${offsetMs === 0 ? '' : `, its clock ${offsetMs} ms wrong`}`)
    this.#noteCalm = () => {
      this.#calmSinceMs = this.#isStormy ? Number.POSITIVE_INFINITY : clock.now() + CATCH_UP_MS
    }
    this.#noteCalm()
    let minted = 0
    const complain = (level: string) => (facts: object, message: string) => {
      if (process.alive) this.#record.trace(`${level}: ${message} ${JSON.stringify(facts)}`)
    }
    const runtime = new EmbeddedRuntime({
      actors: Object.values(this.#definitions),
      clock,
      limits,
      logger: { warn: complain('warning'), error: complain('error') },
      mintId: () => `minted-${process.number}-${++minted}`,
      openJournal: () => this.#open(process),
      onAttempt: order => this.#began(process, order),
      onCommitted: () => {
        if (process.alive && this.#mayDie && this.#faults.chance(this.#plan.deathAtCommit))
          this.#die('after a commit was let out')
      },
      onFailed: error => {
        if (!process.alive) return
        if (!error.message.includes('says the simulation'))
          this.#record.fail(`the runtime failed: ${error.stack}`)
        this.#die('the journal failed')
      },
    })
    this.#process = Object.assign(process, { runtime })
    this.#watch.follow(this.#process)
  }

  #open(process: { alive: boolean }): Journal {
    const journal = this.#disk.open()
    this.#truth.recovered(journal)
    const simulated = simulatedJournal(journal, {
      scheduler: this.#scheduler,
      random: this.#faults,
      process,
      disk: this.#disk,
      truth: this.#truth,
      writeFault: () => this.#writeFault(),
      settleFault: () => this.#settleFault(),
      die: (why, isDone = false) => {
        if (process.alive) this.#die(why, isDone)
      },
      trace: this.#record.trace,
    })
    return this.#options.sabotage?.journal?.(simulated) ?? simulated
  }

  #writeFault(): WriteFault {
    const fault = this.#faults.weighted<WriteFault>(this.#plan.writeFaults)
    if (fault === 'full') return this.#isStormy ? fault : 'none'
    return fault === 'none' || !this.#mayDie ? 'none' : fault
  }

  #settleFault(): SettleFault {
    return this.#mayDie ? this.#faults.weighted<SettleFault>(this.#plan.settleFaults) : 'none'
  }

  #die(why: string, isDone = false): void {
    const process = this.#caller
    if (process === undefined) return
    this.#record.count(`death ${why}`)
    this.#crashes++
    process.alive = false
    this.#process = undefined
    this.#record.trace(`dies ${why}`)
    if (!isDone) this.#disk.crash()
    const downMs = this.#faults.pick([0, 5, 300, 20_000])
    this.#scheduler.schedule(downMs, () => this.#start())
  }

  /** Stops in order, and starts again. */
  #stop(): void {
    const process = this.#process!
    this.#process = undefined
    this.#record.count('stop')
    this.#record.trace('stops')
    process.runtime.stop().then(
      () => {
        if (!process.alive) return
        process.alive = false
        this.#record.trace('stopped')
        this.#scheduler.schedule(this.#faults.between(0, 500), () => this.#start())
      },
      (error: unknown) => this.#record.fail(`it could not be stopped: ${toErrorValue(error).message}`),
    )
  }

  #began(process: { alive: boolean }, { token, source }: AttemptOrder): void {
    const name = attemptName(token)
    this.#watch.began(name, token.attempt, source.policy)
    if (process.alive && this.#mayDie && this.#faults.chance(this.#plan.deathAtAttempt))
      this.#die('after an attempt began')
  }

  #timerFired(dueAt: number, at: number, what: string): void {
    if (dueAt > this.#calmSinceMs && at > dueAt + LATE_MS_MAX)
      this.#record.fail(`${what} fired ${at - dueAt} ms late`)
  }

  #answered(given: Given, answer: Answer): void {
    this.#record.count(answer.duplicate ? 'answered again' : 'answered')
    this.#watch.answered(given, answer)
  }

  #check(): void {
    const process = this.#process
    if (process === undefined) return this.#record.fail('it came to rest without a runtime')
    const { shard, service, bindings } = process.runtime
    const here = { journal: shard.journal, service, bindings, truth: this.#truth }
    for (const what of happenings(here)) this.#record.count(what)
    checkAll({
      shards: [here],
      of: () => here,
      limits: this.#plan.limits,
      given: this.#clients.given,
      books: this.#world.books,
      fail: this.#record.fail,
    })
  }

  /** What was found is there the next time too. */
  #reopen(): void {
    if (this.#living !== undefined) this.#living.alive = false
    this.#disk.crash()
    const journal = this.#disk.open()
    this.#truth.compare(journal)
  }
}
