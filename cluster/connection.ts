/**
 * A connection to the servers of a cluster: how it is made, what is refused at its making, and how others hear that
 * it went away and came back. Once made it comes back for ever, until it is closed.
 *
 * Owns: options, credentials, the first checks. Does not own: streams (streams/), what runs over it.
 */
import { type JetStreamClient, type JetStreamManager, jetstream, jetstreamManager } from '@nats-io/jetstream'
import { AuthorizationError, connect, type NatsConnection } from '@nats-io/transport-node'
import { type PerdureError, SetupError, UnavailableError } from '../actors/errors.js'
import { type Limits, limits as usual } from '../actors/limits.js'
import { given, messageOf, serversOf, settingsOf } from './connection-settings.js'

export interface ClusterOptions {
  /** `nats://host:port`, one or several, or separated by commas; user and password or a token may stand before an `@`. */
  readonly servers: string | readonly string[]
  /** Of the cluster: the prefix of everything in NATS; `perdure` unless given. */
  readonly name?: string
  readonly user?: string
  readonly password?: string
  readonly token?: string
  /** Path of a `.creds` file. */
  readonly credentialsFile?: string
  /** The seed itself, `SU…`, or the path of a file that holds it. */
  readonly nkeySeed?: string
  /** Paths. Given, even empty, a connection without TLS is refused. */
  readonly tls?: { readonly caFile?: string; readonly certFile?: string; readonly keyFile?: string }
}

/** Its `nc`, `js` and `jsm` are for `cluster/` alone; others hand it on. */
export interface ClusterConnection {
  readonly nc: NatsConnection
  readonly js: JetStreamClient
  readonly jsm: JetStreamManager
  /** As the servers list it. */
  readonly label: string
  /** Of the server it is connected to now. */
  readonly serverVersion: string
  /** Bytes that a message may have, headers included. */
  readonly maxPayload: number
  readonly isConnected: boolean
  /**
   * Resolves as soon as it is connected.
   * @throws UnavailableError when it is closed.
   */
  connected(): Promise<void>
  /** Told of every change, before anything comes over the new connection; the answer ends it. */
  onChange(listener: (state: 'connected' | 'disconnected' | 'closed') => void): () => void
  /** Goes to another server, if there is one: this one is there, and cut off from those that decide. */
  goElsewhere(): void
  /** What was published is sent first. */
  close(): Promise<void>
}

/** The oldest servers that append batches whole. */
const VERSION_MIN = [2, 12] as const

/**
 * What the environment says, in the words of the `nats` command line: NATS_URL, NATS_USER, NATS_PASSWORD, NATS_TOKEN,
 * NATS_CREDS, NATS_NKEY, NATS_CA, NATS_CERT, NATS_KEY. Undefined without a NATS_URL.
 */
export function clusterOptionsOf(
  env: Readonly<Record<string, string | undefined>>,
): ClusterOptions | undefined {
  if (!env.NATS_URL) return undefined
  const tls = given({ caFile: env.NATS_CA, certFile: env.NATS_CERT, keyFile: env.NATS_KEY })
  return {
    servers: env.NATS_URL,
    ...given({
      user: env.NATS_USER,
      password: env.NATS_PASSWORD,
      token: env.NATS_TOKEN,
      credentialsFile: env.NATS_CREDS,
      nkeySeed: env.NATS_NKEY,
    }),
    ...(Object.keys(tls).length === 0 ? {} : { tls }),
  }
}

/**
 * @param label as which the servers list it: the member's id, say.
 * @throws SetupError `ClusterRefused` for credentials that are not taken or cannot be read, `ServerUnfit`;
 * UnavailableError, retryable, naming the servers tried when none answers.
 */
export async function connectCluster(
  options: ClusterOptions,
  label: string,
  limits: Limits = usual,
): Promise<ClusterConnection> {
  const servers = serversOf(options.servers)
  const settings = await settingsOf(options, servers, label, limits)
  const nc = await connect(settings).catch((error: unknown) => {
    throw refusal(error, servers.addresses)
  })
  try {
    checkServer(nc, limits)
    await jetstreamManager(nc, { timeout: limits.clusterConnectMs }).catch((error: unknown) => {
      throw unfit(nc, 'JetStream for this account', messageOf(error), error)
    })
    const js = jetstream(nc, { timeout: limits.clusterAckMs })
    return wrap(nc, js, await js.jetstreamManager(false), label)
  } catch (error) {
    await nc.close()
    throw error
  }
}

function refusal(error: unknown, tried: readonly string[]): PerdureError | SetupError {
  const where = tried.join(', ')
  const found = messageOf(error)
  if (error instanceof AuthorizationError || /authoriz|authentic|tls|certificate/i.test(found))
    return new SetupError(
      'ClusterRefused',
      `NATS at ${where}: expected to be let in, found: ${found}`,
      { servers: tried },
      error,
    )
  return new UnavailableError(`NATS at ${where}: expected an answer, found: ${found}`)
}

function checkServer(nc: NatsConnection, limits: Limits): void {
  const info = nc.info
  const [major = 0, minor = 0] = (info?.version ?? '').split('.').map(Number)
  const [wantedMajor, wantedMinor] = VERSION_MIN
  if (major < wantedMajor || (major === wantedMajor && minor < wantedMinor))
    throw unfit(nc, `version ${VERSION_MIN.join('.')} or newer`, `${info?.version}`)
  const bytesMin = limits.payloadBytesMax + limits.clusterHeadroomBytes
  if ((info?.max_payload ?? 0) < bytesMin)
    throw unfit(nc, `max_payload of at least ${bytesMin} bytes`, `${info?.max_payload}`)
}

function unfit(nc: NatsConnection, expected: string, found: string, cause?: unknown): SetupError {
  const server = nc.getServer()
  return new SetupError(
    'ServerUnfit',
    `NATS at ${server}: expected ${expected}, found ${found}`,
    { server, expected, found },
    cause,
  )
}

function wrap(
  nc: NatsConnection,
  js: JetStreamClient,
  jsm: JetStreamManager,
  label: string,
): ClusterConnection {
  const state = { isConnected: true, isClosed: false }
  // Nothing says it while the connection is away: then it is as it was.
  let maxPayload = nc.info?.max_payload ?? 0
  const listeners = new Set<(state: 'connected' | 'disconnected' | 'closed') => void>()
  const tell = (news: 'connected' | 'disconnected' | 'closed'): void => {
    state.isConnected = news === 'connected'
    if (news === 'closed') state.isClosed = true
    for (const listener of [...listeners]) listener(news)
  }
  void watch(nc, tell)
  return {
    nc,
    js,
    jsm,
    label,
    get serverVersion() {
      return nc.info?.version ?? ''
    },
    get maxPayload() {
      maxPayload = nc.info?.max_payload ?? maxPayload
      return maxPayload
    },
    get isConnected() {
      return state.isConnected
    },
    connected: () =>
      new Promise((resolve, reject) => {
        const settle = (): void => {
          if (!state.isConnected && !state.isClosed) return
          listeners.delete(settle)
          if (state.isConnected) resolve()
          else reject(new UnavailableError(`the connection '${label}' to NATS is closed`))
        }
        listeners.add(settle)
        settle()
      }),
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    goElsewhere() {
      // One that is away already looks for another by itself.
      if (state.isConnected) nc.reconnect().catch(() => {})
    },
    async close() {
      if (nc.isClosed()) return
      if (state.isConnected) await nc.drain().catch(() => nc.close())
      else await nc.close()
    },
  }
}

async function watch(
  nc: NatsConnection,
  tell: (news: 'connected' | 'disconnected' | 'closed') => void,
): Promise<void> {
  for await (const { type } of nc.status()) {
    if (type === 'disconnect') tell('disconnected')
    if (type === 'reconnect') tell('connected')
  }
  tell('closed')
}
