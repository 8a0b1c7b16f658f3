/**
 * The composition root: the one place where the engine meets the real clock, minted ids and the process.
 */
import { createRequire } from 'node:module'
import { hostname } from 'node:os'
import { resolve } from 'node:path'
import type { Tracer } from '@opentelemetry/api'
import { toErrorValue } from '../actors/codec.js'
import { type Limits, limitsWith } from '../actors/limits.js'
import type { AnyDefinition } from '../machines/index.js'
import type { Runtime } from './client/types.js'
import type { ClusterSettings } from './cluster/compose-cluster.js'
import { mintCommandId } from './command-id.js'
import { type ControlSocket, openControlSocket } from './control/control-socket.js'
import { openDataDirectory } from './embedded/data-directory.js'
import { type EmbeddedOptions, EmbeddedRuntime } from './embedded/embedded-runtime.js'
import { EventTimeRuntime } from './embedded/event-time.js'
import { httpHandler } from './http/handler.js'
import type { Inspecting } from './inspect/inspect-server.js'
import type { InspectOptions } from './inspect/options.js'
import { type InspectSource, shardSource } from './inspect/source.js'
import type { EngineMetrics } from './observe/metrics/engine-metrics.js'
import type { Tracing } from './observe/tracing/tracing.js'
import { packageVersion } from './package-version.js'
import type { HostLogger, VerifyOptions } from './shard-host-options.js'
import { SystemClock } from './system-clock.js'

const DEFAULT_PATH = './data'

export interface RuntimeOptions {
  /** What actors there may be. */
  readonly actors: readonly AnyDefinition[]
  /** The data directory; made when missing, held exclusively. `./data` when absent. */
  readonly path?: string
  /** Other bounds than the defaults. */
  readonly limits?: Partial<Limits>
  /** Where warnings and failures go: a pino logger, or one like it. JSON lines on stderr when absent. */
  readonly logger?: HostLogger
  /** Start although the journal has lost its end, and go on from what is left. */
  readonly acceptLoss?: boolean
  /** Told when the journal failed under the running runtime. It takes nothing more; stop it, and start a new one. */
  readonly onFailed?: (error: Error) => void
  /** Count for Prometheus; `runtime.metrics()` then answers its text format. Off when absent. */
  readonly metrics?: boolean
  /** Make OpenTelemetry spans, by that tracer, or by the one of the registered SDK; their context is journaled. Off when absent. */
  readonly tracing?: boolean | Tracer
  /**
   * Make an actor again of its entries now and then and compare: once a second at the most, in at most 1 % of all time
   * (`verifyEveryMs`, `verifyPercentMax`). A difference is logged and counted; with `quarantine` its actor rests too. On,
   * and telling only, when absent; `false` for off.
   */
  readonly verify?: boolean | VerifyOptions
  /** Let the command line and other processes of this user in (`connect`), by a socket in the data directory. On when absent. */
  readonly control?: boolean
  /** Be one member of a cluster instead: actors are sharded over its members, by NATS JetStream. Embedded when absent. */
  readonly cluster?: ClusterSettings
  /** Show chosen actors to Stately's inspector, and on a page of its own. Off when absent. */
  readonly inspect?: InspectOptions
}

/**
 * Starts a runtime on a data directory: embedded, or a member of a cluster.
 * @throws SetupError for definitions that cannot be meant, a directory held or not writable, a journal that
 * is newer, damaged or shorter than it was.
 */
export function createRuntime(options: RuntimeOptions): Promise<Runtime> {
  if (options.cluster !== undefined) return createMemberRuntime(options, options.cluster)
  return createEmbeddedRuntime(options, { ownThread: true })
}

/**
 * Embedded, with the disk in a thread of its own or not. Without it a runtime starts in a fraction of the time, and
 * whoever runs it waits for its disk.
 */
export async function createEmbeddedRuntime(
  options: RuntimeOptions,
  disk: { readonly ownThread: boolean },
): Promise<Runtime> {
  const { inspect } = options
  const embedded = await embeddedOptions(options, disk)
  const runtime = new EmbeddedRuntime(embedded)
  if (inspect !== undefined) {
    const source = shardSource(() => runtime.shard)
    const inspecting = await beginInspection(inspect, runtime, source, embedded)
    runtime.shard.host.followers.onEnd(() => inspecting.close())
  }
  if (options.control !== false) runtime.addDoor(await openControl(runtime, embedded, options))
  return runtime
}

/** Nothing of NATS is loaded where no cluster is asked for. */
async function createMemberRuntime(options: RuntimeOptions, cluster: ClusterSettings): Promise<Runtime> {
  const { actors, path = DEFAULT_PATH, inspect } = options
  const { createMember } = await import('./cluster/compose-cluster.js')
  const limits = limitsWith(options.limits)
  const clock = new SystemClock()
  const logger = options.logger ?? quietLogger()
  const member = await createMember({
    actors,
    path,
    cluster,
    clock,
    limits,
    logger,
    about: { perdure: packageVersion(), path: resolve(path), pid: process.pid },
    holder: thisProcess(),
    versionsRequired: process.env.NODE_ENV === 'production',
    ...verifyOf(options),
    mintId: mintCommandId,
    ...(await metricsFor(options)),
    ...(await tracingFor(options, logger)),
  })
  if (inspect !== undefined) {
    const inspecting = await beginInspection(inspect, member, member.actors, { clock, limits, logger })
    member.addDoor({ retire: () => {}, close: async () => inspecting.close() })
  }
  if (options.control !== false) member.addDoor(await openControl(member, { clock, limits, logger }, options))
  return member
}

/** Lets in those who may write in the data directory, to all there is. */
function openControl(
  runtime: Pick<EmbeddedRuntime, 'api' | 'handlerSite'>,
  { clock, limits, logger }: Pick<EmbeddedOptions, 'clock' | 'limits' | 'logger'>,
  { path }: RuntimeOptions,
): Promise<ControlSocket> {
  const handler = httpHandler(runtime.api, { ...runtime.handlerSite, isLocal: true })
  return openControlSocket({ directory: path ?? DEFAULT_PATH, handler, clock, limits, logger })
}

/** Loaded only where wanted. What cannot be inspected as asked does not run. */
async function beginInspection(
  inspect: InspectOptions,
  runtime: Pick<EmbeddedRuntime, 'bindings' | 'inspectUrl' | 'stop'>,
  source: InspectSource,
  { clock, limits, logger }: Pick<EmbeddedOptions, 'clock' | 'limits' | 'logger'>,
): Promise<Inspecting> {
  const { startInspector } = await import('./inspect/start-inspector.js')
  const site = { source, bindings: runtime.bindings, clock, limits, logger }
  try {
    const inspecting = await startInspector(inspect, site)
    runtime.inspectUrl = inspecting.url
    return inspecting
  } catch (error) {
    await runtime.stop()
    throw error
  }
}

/** The same, in event time: for replaying what happened. */
export async function createEventTimeRuntime(options: RuntimeOptions): Promise<EventTimeRuntime> {
  return new EventTimeRuntime(await embeddedOptions(options, { ownThread: true }))
}

async function embeddedOptions(
  options: RuntimeOptions,
  { ownThread }: { readonly ownThread: boolean },
): Promise<EmbeddedOptions> {
  const { path = DEFAULT_PATH, acceptLoss, onFailed } = options
  const clock = new SystemClock()
  const limits = limitsWith(options.limits)
  const logger = options.logger ?? quietLogger()
  return {
    actors: options.actors,
    clock,
    limits,
    logger,
    mintId: mintCommandId,
    about: { perdure: packageVersion(), path: resolve(path), pid: process.pid },
    versionsRequired: process.env.NODE_ENV === 'production',
    ...verifyOf(options),
    openJournal: () =>
      openDataDirectory({
        path,
        clock,
        limits,
        logger,
        holder: thisProcess(),
        ownThread,
        ...(acceptLoss === undefined ? {} : { acceptLoss }),
      }),
    ...(onFailed === undefined ? {} : { onFailed }),
    ...(await metricsFor(options)),
    ...(await tracingFor(options, logger)),
  }
}

function verifyOf({ verify = true }: RuntimeOptions): { verify?: VerifyOptions } {
  if (verify === false) return {}
  return { verify: verify === true ? {} : verify }
}

/** Loaded only where wanted: who does not count does not wait for it to load. */
async function metricsFor({ metrics, actors }: RuntimeOptions): Promise<{ metrics?: EngineMetrics }> {
  if (metrics !== true) return {}
  const { EngineMetrics } = await import('./observe/metrics/engine-metrics.js')
  return { metrics: new EngineMetrics(actors.map(one => one.type)) }
}

async function tracingFor({ tracing }: RuntimeOptions, logger: HostLogger): Promise<{ tracing?: Tracing }> {
  if (tracing === undefined || tracing === false) return {}
  const { trace } = await import('@opentelemetry/api')
  const { Tracing } = await import('./observe/tracing/tracing.js')
  const onFault = (error: unknown) =>
    logger.warn({ error: toErrorValue(error) }, 'the tracer failed; what it fails on has no span')
  return { tracing: new Tracing(tracing === true ? trace.getTracer('perdure') : tracing, onFault) }
}

/** This process, as the next one that wants its directory is told. */
export function thisProcess() {
  return { pid: process.pid, host: hostname(), program: process.argv.slice(0, 3).join(' ') }
}

/** Pino is loaded with the first thing to say: a start that goes well does not wait for it. */
export function quietLogger(): HostLogger {
  let logger: HostLogger | undefined
  const made = () => {
    const { pino } = createRequire(import.meta.url)('pino') as typeof import('pino')
    logger = pino({ name: 'perdure', level: 'warn' }, pino.destination({ fd: 2, sync: true }))
    return logger
  }
  return {
    warn: (facts, message) => (logger ?? made()).warn(facts, message),
    error: (facts, message) => (logger ?? made()).error(facts, message),
  }
}

/** Ids in the order they are asked for: what a test wants. */
export function sequentialIds(prefix: string): () => string {
  let last = 0
  return () => `${prefix}-${++last}`
}
