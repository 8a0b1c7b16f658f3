/**
 * One run of a cluster: members on streams, each with copies of all shards, who take them over from one another in order
 * and without; clients and a world around them. When the clients are done it is left to come to rest, and what is left
 * is checked: actors of several shards send each other what is known by its place alone.
 *
 * Invariant: the seed decides all of it; the trace of two runs of one seed is the same.
 */
import { shardOf } from '../../../cluster/shard-of.js'
import { checkAll } from '../checks/all.js'
import type { ShardEvidence } from '../checks/evidence.js'
import { happenings } from '../checks/happenings.js'
import { checkBroken, checkSends, checkUnheard } from '../checks/streams.js'
import { definitionsFor } from '../definitions.js'
import { Operator } from '../operator.js'
import { Random } from '../random.js'
import { RunRecord } from '../run-record.js'
import { Scheduler } from '../scheduler.js'
import type { SimulationOptions, SimulationResult } from '../simulation.js'
import { attemptName, Truth } from '../truth.js'
import { Watch } from '../watch.js'
import { Books, World } from '../world.js'
import { type ClusterPlan, clusterPlanFor } from './cluster-plan.js'
import { Members } from './members.js'
import { SharedStreams } from './shared-streams.js'
import { StreamClients } from './stream-clients.js'

const START_MS = Date.UTC(2026, 0, 1)
/** Tasks after which a run that has not come to rest never will. */
const STEPS_MAX = 100_000

export function simulateCluster(options: SimulationOptions): Promise<SimulationResult> {
  return new ClusterSimulation(options).run()
}

class ClusterSimulation {
  readonly #options: SimulationOptions
  readonly #plan: ClusterPlan
  readonly #scheduler: Scheduler
  readonly #books = new Books()
  readonly #truths: readonly Truth[]
  readonly #watches: readonly Watch[]
  readonly #streams: SharedStreams
  readonly #members: Members
  readonly #clients: StreamClients
  readonly #operators: readonly Operator[]
  readonly #record: RunRecord

  constructor(options: SimulationOptions) {
    const { seed } = options
    const stream = (name: string) => new Random(seed, `cluster ${name}`)
    this.#options = options
    const plan = clusterPlanFor(stream('plan'))
    this.#plan = plan
    const scheduler = new Scheduler(START_MS, stream('order'))
    this.#scheduler = scheduler
    const record = new RunRecord(scheduler, START_MS, options.onTrace)
    this.#record = record
    const { count, trace, fail } = record
    const each = <Item>(make: () => Item) => Array.from({ length: plan.shards }, make)
    this.#truths = each(() => new Truth({ fail, timerFired: () => {} }))
    const world = new World({
      scheduler,
      random: stream('nobody'),
      kill() {},
      door: () => undefined,
      count() {},
      caller: () => undefined,
      trace,
      fail,
    })
    const definitions = definitionsFor(world, plan.snapshotEvery)
    this.#watches = this.#truths.map(truth => new Watch({ truth, definitions, trace, fail }))
    this.#streams = new SharedStreams(plan.shards, (shard, commit) => this.#truths[shard]!.add(commit))
    this.#members = new Members({
      scheduler,
      random: stream('faults'),
      worldly: stream('world'),
      plan,
      books: this.#books,
      streams: this.#streams,
      sabotage: options.sabotage,
      count,
      began: (shard, { token, source }) =>
        this.#watches[shard]!.began(attemptName(token), token.attempt, source.policy),
      recovered: (shard, journal) => this.#truths[shard]!.recovered(journal),
      trace,
      fail,
    })
    this.#operators = this.#truths.map(
      (_, shard) =>
        new Operator(
          {
            scheduler,
            random: stream(`operator ${shard}`),
            process: () => this.#members.operated(shard),
            count,
            trace,
            fail,
          },
          plan.busyMs,
        ),
    )
    this.#clients = new StreamClients(
      {
        scheduler,
        random: stream('clients'),
        streams: this.#streams,
        answered: (given, answer) => {
          count(answer.duplicate ? 'answered again' : 'answered')
          this.#watches[this.#shardOf(given.address)]!.answered(given, answer)
        },
        trace,
        fail,
      },
      plan,
    )
  }

  #shardOf(address: string): number {
    return shardOf(address, this.#plan.shards)
  }

  async run(): Promise<SimulationResult> {
    const { seed } = this.#options
    this.#record.trace(`seed ${seed}: ${JSON.stringify(this.#plan)}`)
    try {
      this.#members.begin()
      await this.#runUntil(() => this.#clients.open.length === 0 && this.#isOver)
      this.#record.trace('calm')
      this.#books.kind = true
      this.#members.calm()
      for (const operator of this.#operators) operator.leave()
      await this.#runUntil(() => false)
      if (this.#record.failure === undefined) this.#check()
    } catch (error) {
      this.#record.fail(error instanceof Error ? String(error.stack) : String(error))
    }
    this.#members.end()
    return {
      seed,
      failure: this.#record.failure,
      steps: this.#scheduler.steps,
      entries: this.#truths.reduce((sum, truth) => sum + truth.position, 0),
      crashes: this.#members.deaths,
      trace: this.#record.digest(),
      counts: this.#record.counts,
    }
  }

  get #isOver(): boolean {
    return this.#scheduler.now - START_MS > this.#plan.busyMs
  }

  async #runUntil(isDone: () => boolean): Promise<void> {
    while (this.#record.failure === undefined && !isDone()) {
      if (this.#scheduler.steps > STEPS_MAX) return this.#record.fail(`no rest after ${STEPS_MAX} tasks`)
      if (!(await this.#scheduler.step())) return
      this.#members.tempt()
    }
  }

  #check(): void {
    const { fail } = this.#record
    const shards: ShardEvidence[] = []
    for (const [number, truth] of this.#truths.entries()) {
      const owner = this.#members.ownerOf(number)
      const owned = owner?.shards.get(number)
      if (owned?.service === undefined || owned.journal === undefined)
        return this.#record.fail(`at rest, nobody owns shard ${number}`)
      shards.push({ journal: owned.journal, service: owned.service, bindings: owner!.bindings, truth })
    }
    for (const evidence of shards) for (const what of happenings(evidence)) this.#record.count(what)
    const { given, broken } = this.#clients
    const of = (address: string) => shards[this.#shardOf(address)]!
    const evidence = { shards, of, limits: this.#plan.limits, given, books: this.#books, fail }
    checkAll(evidence)
    checkSends(evidence, this.#streams.sent)
    checkUnheard(evidence)
    checkBroken(evidence, broken)
    this.#checkCopies(shards)
  }

  /** Whoever stands by has the same. */
  #checkCopies(shards: readonly ShardEvidence[]): void {
    for (const member of this.#members.all)
      for (const [number, { journal }] of member.shards) {
        if (journal === undefined) continue
        const owned = shards[number]!
        owned.truth.compare(journal)
        const [here, there] = [JSON.stringify(journal.taken()), JSON.stringify(owned.journal.taken())]
        if (here !== there)
          this.#record.fail(`${member.name} has read shard ${number} to ${here}, its owner to ${there}`)
      }
  }
}
