/**
 * What a nats-server is told: its options, and the configuration file they make.
 */
export interface ServerOptions {
  /** Names it in its cluster and its log. */
  readonly name?: string
  /** Of 127.0.0.1, for clients. A free one by default. */
  readonly port?: number
  /** Where JetStream keeps its streams. By default a new directory that goes with the server. */
  readonly storeDir?: string
  /** Whether each append is synced to the disk before it is acknowledged. */
  readonly syncAlways?: boolean
  readonly maxPayloadBytes?: number
  /** JetStream's domain. */
  readonly domain?: string
  readonly tls?: { readonly cert: string; readonly key: string; readonly ca?: string }
  readonly cluster?: ClusterOptions
  /** More of the configuration file, as it is written there: accounts, users, limits. */
  readonly config?: string
}

export interface ClusterOptions {
  readonly name: string
  readonly port: number
  /** Ports of the others, as this one reaches them. */
  readonly routes: readonly number[]
}

export interface ServerPlace {
  readonly port: number
  readonly monitorPort: number
  readonly storeDir: string
}

export function configurationOf(options: ServerOptions, place: ServerPlace): string {
  const { name, syncAlways = false, maxPayloadBytes, domain, tls, cluster, config = '' } = options
  const lines = [
    `listen: "127.0.0.1:${place.port}"`,
    `http: "127.0.0.1:${place.monitorPort}"`,
    ...(name === undefined ? [] : [`server_name: ${quoted(name)}`]),
    ...(maxPayloadBytes === undefined ? [] : [`max_payload: ${maxPayloadBytes}`]),
    'jetstream {',
    `  store_dir: ${quoted(place.storeDir)}`,
    ...(syncAlways ? ['  sync_interval: always'] : []),
    ...(domain === undefined ? [] : [`  domain: ${quoted(domain)}`]),
    '}',
    ...(tls === undefined ? [] : tlsLines(tls)),
    ...(cluster === undefined ? [] : clusterLines(cluster)),
    config,
  ]
  return `${lines.join('\n')}\n`
}

function tlsLines({ cert, key, ca }: NonNullable<ServerOptions['tls']>): string[] {
  const verify = ca === undefined ? [] : [`  ca_file: ${quoted(ca)}`, '  verify: true']
  return ['tls {', `  cert_file: ${quoted(cert)}`, `  key_file: ${quoted(key)}`, ...verify, '}']
}

/**
 * Servers and clients are told of no other way to a server than the given one, so that what stands between them
 * (a test's proxy) stays there.
 */
function clusterLines({ name, port, routes }: ClusterOptions): string[] {
  return [
    'cluster {',
    `  name: ${quoted(name)}`,
    `  listen: "127.0.0.1:${port}"`,
    '  no_advertise: true',
    '  advertise: "127.0.0.1:1"',
    `  routes: [${routes.map(route => quoted(`nats://127.0.0.1:${route}`)).join(', ')}]`,
    '}',
  ]
}

function quoted(text: string): string {
  return JSON.stringify(text)
}
