/**
 * Composes a member of a cluster, and a client of one. Loaded only where a cluster is asked for: an embedded runtime
 * loads nothing of NATS.
 */
import type { Clock } from '../../actors/clock.js'
import type { LogPosition } from '../../actors/journal.js'
import type { Limits } from '../../actors/limits.js'
import {
  awayFor,
  ClusterClient,
  ClusterCommitLog,
  type ClusterConnection,
  type ClusterGround,
  type ClusterOptions,
  type ClusterShape,
  CommandsRetention,
  commandsAnew,
  connectCluster,
  followCommits,
  ImageStore,
  LogFloors,
  LostTails,
  Membership,
  SentRetention,
  StreamInbox,
  sendLate,
  shardOf,
  surveyLog,
  takenAnew,
  verifyPosition,
} from '../../cluster/index.js'
import { commitForm, type Holder, holdJournals, ImageFiles, JournalThread } from '../../journal/index.js'
import type { About } from '../api/live-api.js'
import { EngineObserver } from '../observe/engine-observer.js'
import type { EngineMetrics } from '../observe/metrics/engine-metrics.js'
import type { Tracing } from '../observe/tracing/tracing.js'
import type { HostLogger, VerifyOptions } from '../shard-host-options.js'
import { Bindings } from '../step/bindings.js'
import { assertVersioned } from '../versions.js'
import { clientOf } from './client-wire.js'
import { ClusterMember } from './cluster-member.js'
import { ColdStart } from './cold-start.js'
import { groundOf } from './ground.js'
import { ImageKeeper } from './image-keeper.js'
import { openMemberDoors } from './member-doors.js'
import { MemberMetrics } from './member-metrics.js'
import type { ShardStreams } from './member-shard.js'
import { viewsOf } from './member-views.js'
import { highestIncarnation, openShard, setAside } from './shard-directory.js'
import { ShardHealing } from './shard-healing.js'
import { admitted } from './stream-door.js'

export interface ClusterSettings extends ClusterOptions, Pick<ClusterShape, 'shards' | 'replicas'> {
  /** This member's name among all, a token; made of host and process when absent. */
  readonly member?: string
  /**
   * An operator's word, for one start. A log that was made anew goes on from the journals, of each shard from the
   * longest that is there. A log that lost its end goes on without it; journals that hold more are set aside. A stream of
   * commands that was lost or made anew is read from its beginning: what was applied before is known by its id, within
   * the window of ids that actors keep.
   */
  readonly acceptLogLoss?: boolean
}

export interface MemberParts {
  readonly actors: ConstructorParameters<typeof Bindings>[0]
  readonly path: string
  readonly cluster: ClusterSettings
  readonly clock: Clock
  readonly limits: Limits
  readonly logger: HostLogger
  readonly about: About
  readonly holder: Omit<Holder, 'since'>
  readonly versionsRequired: boolean
  readonly metrics?: EngineMetrics
  readonly tracing?: Tracing
  readonly verify?: VerifyOptions
  mintId(): string
}

/**
 * The data directory is the member's alone from here until it has stopped.
 * @throws SetupError; UnavailableError when the cluster cannot be reached or is not as it must be.
 */
export async function createMember(given: MemberParts): Promise<ClusterMember> {
  const hold = holdJournals(given.path, { ...given.holder, since: given.clock.now() })
  // One for all shards: they take turns.
  const sharedThread = new JournalThread()
  const release = () => hold.release(true)
  try {
    return await composed({ ...given, limits: withinBatch(given.limits), sharedThread }, release)
  } catch (error) {
    release()
    throw error
  }
}

async function composed(
  parts: MemberParts & { readonly sharedThread: JournalThread },
  release: () => void,
): Promise<ClusterMember> {
  const { cluster, clock, limits, logger, holder } = parts
  const bindings = new Bindings(parts.actors)
  if (parts.versionsRequired) assertVersioned(bindings)
  const id = cluster.member ?? memberId(holder, parts.mintId())
  const connection = await connectCluster(cluster, id, limits)
  try {
    const ground = await groundOf(connection, cluster.name, shapeOf(parts), { clock, limits })
    for (const warning of ground.warnings) logger.warn({ warning }, 'the cluster is less than was asked for')
    const membership = membershipOf(id, { ...parts, bindings, connection, ground })
    const client = new ClusterClient({ connection, ground, id, clock, limits })
    const { api, service } = clientOf(client, { ...parts, bindings })
    const metrics = await metricsOf(parts)
    const observer = metrics === undefined ? {} : { observer: metrics.cluster }
    const site = { connection, ground, form: commitForm, clock, limits }
    const log = new ClusterCommitLog({ ...site, member: id, ...observer })
    const imaging = imagingOf({ ...parts, connection, ground, membership })
    const member = new ClusterMember({
      ...imaging,
      bindings,
      clock,
      limits,
      logger,
      mintId: () => parts.mintId(),
      ...observed(parts),
      ...(metrics === undefined ? {} : { metrics }),
      connection,
      shards: ground.shards,
      membership,
      client,
      log,
      retention: new CommandsRetention({ connection, ground, limits }),
      service,
      api,
      about: parts.about,
      ...(parts.verify === undefined ? {} : { verify: parts.verify }),
      verbsOf: shard => ground.names.owner(shard, '*'),
      streamsOf: shard => streamsOf(shard, { ...parts, bindings, connection, ground, log, client }),
      healing: healingOf({ ...parts, connection, ground, member: id }, imaging.coldStart),
      openJournal: shard => openShard(shard, parts),
      isHere: (shard, address) => shardOf(address, ground.shards) === shard,
      away: ms => awayFor(connection, clock, ms),
      disconnect: () => connection.close(),
      close: () => connection.close().finally(release),
    })
    member.addDoor(
      await openMemberDoors({
        ...parts,
        api,
        views: viewsOf(member, ground.shards),
        member: id,
        version: parts.about.perdure,
        connection,
        ground,
        client,
      }),
    )
    await member.join()
    return member
  } catch (error) {
    await connection.close()
    throw error
  }
}

function membershipOf(
  id: string,
  parts: MemberParts & { bindings: Bindings; connection: ClusterConnection; ground: ClusterGround },
): Membership {
  const { cluster, clock, limits, logger, holder, bindings, connection, ground } = parts
  return new Membership({
    connection,
    cluster,
    names: ground.names,
    shards: ground.shards,
    replicas: ground.durability.replicas,
    clock,
    limits,
    about: { id, ...holder, versions: versionsOf(bindings) },
    foundedMs: Date.parse(ground.journalCreated),
    onTrouble: message => logger.warn({ member: id }, message),
  })
}

interface StreamParts extends MemberParts {
  readonly bindings: Bindings
  readonly connection: ClusterConnection
  readonly ground: ClusterGround
  readonly log: ClusterCommitLog
  readonly client: ClusterClient
}

function streamsOf(shard: number, parts: StreamParts): ShardStreams {
  const { cluster, connection, ground, clock, limits, log, client, bindings } = parts
  const site = { connection, ground, clock, limits, form: commitForm }
  const inbox = (kind: 'commands' | 'sends', failed: (error: unknown) => void) =>
    new StreamInbox({
      kind,
      shard,
      connection,
      ground,
      clock,
      limits,
      admit: command => admitted(command, bindings),
      reply: (subject, bytes) => client.requests.answer(subject, bytes),
      failed,
    })
  return {
    log: ground.names.journalStream,
    incarnation: ground.incarnation,
    takenAnew: taken => takenAnew(taken, { connection, ground, shard }),
    lostPlaces: async taken =>
      cluster.acceptLogLoss === true ? commandsAnew(taken, { connection, ground, shard }) : [],
    follow: (after, take) => followCommits(site, shard, after, take),
    send: command => sendLate(site, shard, command),
    claim: (epoch, after, known) => log.claim(shard, epoch, after, known),
    inboxes: failed => {
      const sends = inbox('sends', failed)
      const commands = inbox('commands', failed)
      return {
        streams: [sends, commands],
        start: async taken => {
          const place = (inbox: 'sends' | 'commands') => taken.find(one => one.inbox === inbox)
          await Promise.all([sends.start(place('sends')), commands.start(place('commands'))])
        },
        backlog: () => sends.backlog + commands.backlog,
        stop: async () => {
          await Promise.all([sends.stop(), commands.stop()])
        },
      }
    },
  }
}

/**
 * A commit of a member is one atomic batch of the log, which takes only so many messages and bytes: those of the steps
 * before the last, of that one, of a birth with it, of what was pending before, and the commit's own.
 */
function withinBatch(limits: Limits): Limits {
  const share = Math.floor(limits.clusterBatchMessagesMax * 0.3)
  const bytes = limits.clusterCommitBytesMax
  return {
    ...limits,
    commitMessagesMax: Math.min(limits.commitMessagesMax, share),
    stepEffectsMax: Math.min(limits.stepEffectsMax, share),
    commitBytesMax: Math.min(limits.commitBytesMax, bytes / 2),
    stepSendsBytesMax: Math.min(limits.stepSendsBytesMax, Math.floor(bytes * 0.15)),
    pendingBytesMax: Math.min(limits.pendingBytesMax, Math.floor(bytes * 0.2)),
  }
}

function shapeOf({ cluster, path, limits }: MemberParts): ClusterShape {
  const { shards, replicas, acceptLogLoss } = cluster
  return {
    ...(shards === undefined ? {} : { shards }),
    ...(replicas === undefined ? {} : { replicas }),
    ...(acceptLogLoss === true ? { remadeAbove: highestIncarnation(path, limits) } : {}),
  }
}

function imagingOf(
  parts: MemberParts & { connection: ClusterConnection; ground: ClusterGround; membership: Membership },
): { readonly coldStart: ColdStart; readonly keeper: ImageKeeper } {
  const { connection, ground, clock, limits, logger, path, membership } = parts
  const images = new ImageStore({ connection, ground, clock, limits })
  const site = {
    path,
    images,
    files: new ImageFiles(),
    limits,
    logger,
    incarnation: ground.incarnation,
    verify: (shard: number, at: LogPosition) =>
      verifyPosition({ connection, ground, clock, limits }, shard, at),
  }
  return {
    coldStart: new ColdStart({ ...site, stream: ground.names.journalStream }),
    keeper: new ImageKeeper({
      ...site,
      floors: new LogFloors(connection, ground),
      sent: new SentRetention(connection, ground),
      membership,
      clock,
    }),
  }
}

function healingOf(
  parts: MemberParts & {
    sharedThread: JournalThread
    connection: ClusterConnection
    ground: ClusterGround
    member: string
  },
  coldStart: ColdStart,
): ShardHealing {
  const { connection, ground, clock, limits, logger, member, cluster } = parts
  const site = { connection, ground, clock, limits, form: commitForm }
  return new ShardHealing({
    member,
    stream: ground.names.journalStream,
    incarnation: ground.incarnation,
    clock,
    limits,
    lostTails: new LostTails(connection, ground.names),
    logger,
    acceptLogLoss: cluster.acceptLogLoss === true,
    openJournal: shard => openShard(shard, parts),
    survey: (shard, own) => surveyLog(site, shard, own),
    beginWithImage: (shard, found, makeRoom) => coldStart.begin(shard, found, makeRoom),
    setAside: (shard, position) => setAside(shard, position, parts),
  })
}

/** Loaded only where wanted. */
async function metricsOf({ metrics }: MemberParts): Promise<MemberMetrics | undefined> {
  if (metrics === undefined) return undefined
  const { ClusterMetrics } = await import('../observe/metrics/cluster-metrics.js')
  return new MemberMetrics(metrics, new ClusterMetrics())
}

/** One for all shards. */
function observed({ metrics, tracing, clock }: MemberParts): { observer?: EngineObserver } {
  if (metrics === undefined && tracing === undefined) return {}
  return { observer: new EngineObserver({ clock, metrics, tracing }) }
}

function versionsOf(bindings: Bindings): Record<string, string> {
  return Object.fromEntries(bindings.types.map(type => [type, bindings.current(type).version]))
}

/** A token of a subject, and a key of a bucket. */
function memberId({ host, pid }: { readonly host: string; readonly pid: number }, unique: string): string {
  const plain = (text: string) => text.replace(/[^A-Za-z0-9_-]+/g, '-')
  return `${plain(host)}-${pid}-${plain(unique).slice(-8)}`
}
