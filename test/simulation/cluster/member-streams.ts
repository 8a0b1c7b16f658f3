/**
 * The streams of a cluster as one member uses them for one shard: what it writes takes time, and it may die at each of
 * its commits: before that is in the log, when it is and nobody here knows, and before the copy here has it.
 */
import type { Commit } from '../../../actors/commit.js'
import { FencedError, UnavailableError } from '../../../actors/errors.js'
import type { LogPosition } from '../../../actors/journal.js'
import type { StatesBefore } from '../../../actors/logged-commit.js'
import { commitForm } from '../../../journal/index.js'
import type { Follower, ShardInboxes, ShardStreams } from '../../../runtime/cluster/member-shard.js'
import type { Random } from '../random.js'
import type { Owner, Scheduler } from '../scheduler.js'
import { LOG, type Logged, positionOf, type SharedStreams, type Writing } from './shared-streams.js'
import { SimulatedInbox } from './simulated-inbox.js'
import { StreamReader } from './stream-reader.js'

export type AppendFault = 'none' | 'before' | 'after'

export interface MemberStreamsSite {
  readonly scheduler: Scheduler
  readonly random: Random
  readonly process: Owner
  readonly member: string
  readonly shard: number
  readonly streams: SharedStreams
  readonly readAhead: number
  appendFault(commit: Commit): AppendFault
  /** What becomes of a commit on its way. */
  changed(commit: Commit, shard: number): Commit
  die(why: string): void
  trace(what: string): void
  fail(what: string): void
}

const NEVER = new Promise<never>(() => {})

export function memberStreams(site: MemberStreamsSite): ShardStreams {
  const { streams, scheduler, random, process, shard } = site
  return {
    log: LOG,
    incarnation: 1,
    follow: (after, take) => following(after, take, site),
    claim: async (epoch, after) => {
      await later(site, 20)
      const last = streams.last(shard)
      if (last?.sequence !== after?.sequence || (last !== undefined && last.epoch > epoch)) return undefined
      const claim = { shard, epoch, member: site.member, follows: after?.sequence }
      await later(site, 5)
      const landed = streams.append(claim)
      if ('lostTo' in landed) return undefined
      site.trace(`${site.member} claims shard ${shard} in epoch ${epoch}`)
      await later(site, 5)
      return new OwnedLog(site, epoch, landed.sequence)
    },
    takenAnew: async () => [],
    lostPlaces: async () => [],
    send: async command => {
      await later(site, 40)
      if (random.chance(0.1)) throw new UnavailableError('a send that never came there, says the simulation')
      streams.send(command)
      if (random.chance(0.1)) throw new UnavailableError('a send that did come, says the simulation')
    },
    inboxes: () => inboxesOf(site),
  }

  function inboxesOf(of: MemberStreamsSite): ShardInboxes {
    const sends = new SimulatedInbox({ ...of, kind: 'sends' })
    const commands = new SimulatedInbox({ ...of, kind: 'commands' })
    return {
      streams: [sends, commands],
      backlog: () => sends.size + commands.size,
      start: async taken => {
        await new Promise<void>(resolve => scheduler.schedule(random.between(0, 10), resolve, process))
        for (const [kind, inbox] of [
          ['sends', sends],
          ['commands', commands],
        ] as const)
          inbox.start(taken.find(one => one.inbox === kind))
      },
      stop: async () => {
        sends.stop()
        commands.stop()
      },
    }
  }
}

/** A while; for ever, once the process is dead. */
function later({ scheduler, random, process }: MemberStreamsSite, mostMs: number): Promise<void> {
  const ms = random.chance(0.5) ? 0 : random.between(0, mostMs)
  return new Promise(resolve => scheduler.schedule(ms, resolve, process))
}

function following(
  after: LogPosition | undefined,
  take: Parameters<ShardStreams['follow']>[1],
  { scheduler, random, process, streams, shard }: MemberStreamsSite,
): Follower {
  let fail: (error: unknown) => void = () => {}
  const ended = new Promise<void>((_, reject) => {
    fail = reject
  })
  const reader = new StreamReader<Logged>(
    {
      scheduler,
      random,
      process,
      streams,
      next: last => streams.logged(shard, last),
      take: logged => {
        const { epoch, bytes } = logged
        const commit = bytes === undefined ? {} : { commit: commitForm.unpack(bytes) }
        return take({ at: positionOf(logged), epoch, ...commit })
      },
      failed: fail,
    },
    after?.sequence ?? 0,
  )
  return {
    caughtUp: (to = streams.last(shard)?.sequence ?? 0) => Promise.race([reader.reached(to), ended]),
    ended,
    stop: () => reader.stop(),
  }
}

class OwnedLog {
  readonly #site: MemberStreamsSite
  readonly #epoch: number
  readonly #writer = commitForm.writer()
  #follows: number
  #isBusy = false
  #release: (error: Error) => void = () => {}
  readonly #released: Promise<never>
  #isReleased = false

  constructor(site: MemberStreamsSite, epoch: number, claimed: number) {
    this.#site = site
    this.#epoch = epoch
    this.#follows = claimed
    this.#released = new Promise<never>((_, reject) => {
      this.#release = reject
    })
    this.#released.catch(() => {})
  }

  append(commit: Commit, before: StatesBefore): Promise<LogPosition> {
    const { fail, process, shard } = this.#site
    if (!process.alive) return NEVER
    if (this.#isBusy) fail(`shard ${shard}: a commit is on its way already`)
    // Released, it hears no more of what is on its way, which may land or not.
    return Promise.race([this.#released, this.#append(commit, before)])
  }

  async #append(given: Commit, before: StatesBefore): Promise<LogPosition> {
    const { streams, member, shard, trace, die, appendFault, changed, random } = this.#site
    this.#isBusy = true
    const commit = changed(given, shard)
    const bytes = this.#writer.pack(commit, before)
    const fault = appendFault(commit)
    const places = commit.taken?.map(one => `${one.inbox} ${one.sequence}.${one.index ?? ''}`).join(', ')
    trace(
      `${member} appends ${shard}: ${commit.first} +${commit.entries.length}, ${commit.pending.length} pending${places === undefined ? '' : `, read ${places}`}${fault === 'none' ? '' : ` (${fault})`}`,
    )
    if (fault === 'before') die('before a commit was in the log')
    await later(this.#site, 10)
    if (this.#isReleased && random.chance(0.5)) return NEVER
    const made = { made: commit, bytes }
    const writing: Writing = { shard, epoch: this.#epoch, member, follows: this.#follows, commit: made }
    const landed = streams.append(writing)
    if ('lostTo' in landed) throw new FencedError(shard, landed.lostTo, this.#epoch)
    if (fault === 'after') die('with a commit in the log, before anybody heard')
    await later(this.#site, 10)
    this.#follows = landed.sequence
    this.#isBusy = false
    return landed
  }

  release(): void {
    this.#isReleased = true
    this.#release(new UnavailableError('the shard was released'))
  }
}
