/** What the client of NATS is told, out of the options of a cluster: addresses, who comes, how it comes back. */
import { readFile } from 'node:fs/promises'
import { credsAuthenticator, type NodeConnectionOptions, nkeyAuthenticator } from '@nats-io/transport-node'
import { SetupError } from '../actors/errors.js'
import type { Limits } from '../actors/limits.js'
import type { ClusterOptions } from './connection.js'

/** Where servers are, and who comes: the client knows nothing of users in addresses, and messages shall not either. */
export interface Servers {
  readonly addresses: readonly string[]
  readonly user?: string
  readonly password?: string
  readonly token?: string
}

/** @throws SetupError `InvalidDefinition` for none. */
export function serversOf(servers: string | readonly string[]): Servers {
  const list = (typeof servers === 'string' ? servers.split(',') : [...servers]).map(one => one.trim())
  const named = list.filter(one => one !== '')
  if (named.length === 0)
    throw new SetupError(
      'InvalidDefinition',
      'servers: expected at least one, `nats://host:port`, found none',
    )
  const parts = named.map(one => /^([a-z]+:\/\/)?(?:([^@/]*)@)?(.*)$/s.exec(one)!)
  const addresses = parts.map(([, scheme = '', , place]) => `${scheme}${place}`)
  const who = parts.find(part => part[2] !== undefined)?.[2]
  if (who === undefined) return { addresses }
  const [user = '', ...rest] = who.split(':')
  return rest.length === 0
    ? { addresses, token: decodeURIComponent(user) }
    : { addresses, user: decodeURIComponent(user), password: decodeURIComponent(rest.join(':')) }
}

/** @throws SetupError `ClusterRefused` when what is to be shown cannot be read. */
export async function settingsOf(
  options: ClusterOptions,
  servers: Servers,
  label: string,
  limits: Limits,
): Promise<NodeConnectionOptions> {
  const { credentialsFile, nkeySeed, tls } = options
  const { user = servers.user, password = servers.password, token = servers.token } = options
  const bytes = new TextEncoder()
  const authenticator =
    credentialsFile !== undefined
      ? credsAuthenticator(bytes.encode(await textOf('credentials file', credentialsFile)))
      : nkeySeed !== undefined
        ? nkeyAuthenticator(bytes.encode(await seedOf(nkeySeed)))
        : undefined
  return {
    servers: [...servers.addresses],
    name: label,
    timeout: limits.clusterConnectMs,
    maxReconnectAttempts: -1,
    reconnectTimeWait: limits.clusterReconnectMs,
    reconnectJitter: limits.clusterReconnectMs,
    ignoreAuthErrorAbort: true,
    pingInterval: limits.clusterPingMs,
    noAsyncTraces: true,
    ...given({ user, pass: password, token, authenticator, tls }),
  }
}

async function seedOf(nkeySeed: string): Promise<string> {
  if (/^S[A-Z2-7]{57}$/.test(nkeySeed)) return nkeySeed
  const seed = /^S[A-Z2-7]{57}/m.exec(await textOf('nkey seed', nkeySeed))?.[0]
  if (seed === undefined)
    throw new SetupError('ClusterRefused', `nkey seed: expected one in ${nkeySeed}, found none`)
  return seed
}

async function textOf(what: string, path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    throw new SetupError(
      'ClusterRefused',
      `${what}: expected to read ${path}, found ${messageOf(error)}`,
      { path },
      error,
    )
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

type Given<T> = { [Key in keyof T]?: Exclude<T[Key], undefined> }

/** Without what is undefined or empty. */
export function given<T extends object>(fields: T): Given<T> {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined && value !== ''),
  ) as Given<T>
}
