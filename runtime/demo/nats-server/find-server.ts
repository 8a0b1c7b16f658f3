/**
 * Finds a nats-server, or fetches one into the user's cache. In this order: `$PERDURE_NATS_SERVER`, the search
 * path, the cache, the project's own release, the newest Debian build by apt where there is one. Nothing is
 * installed, and nothing outside of the cache is written.
 */
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { UnavailableError } from '../../../actors/errors.js'
import { BinaryCache } from './binary-cache.js'
import { fetchDebianBuild } from './debian-build.js'
import { fetchRelease, releasesUrl } from './release.js'
import { type FoundServer, isRecent, oldestVersion, serverAt } from './server-version.js'

export interface Finding {
  readonly env?: NodeJS.ProcessEnv
  /** Where releases are. */
  readonly releases?: string
  /** Told before something is fetched: it may take a while. */
  onFetch?(what: string): void
}

/** @throws UnavailableError that names what was tried. */
export async function findNatsServer(finding: Finding = {}): Promise<FoundServer> {
  const env = finding.env ?? process.env
  const tried: string[] = []
  const given = env.PERDURE_NATS_SERVER
  if (given !== undefined && given !== '') return await serverGiven(given)

  const installed = await serverOnPath(env.PATH ?? '', tried)
  if (installed !== undefined) return installed

  const cache = new BinaryCache(join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'perdure'))
  const cached = await cache.newest()
  if (cached !== undefined) return cached
  tried.push(`${cache.folder}: nothing there`)
  const fetched = await cache.fill(folder => fetchServer(folder, tried, finding))
  if (fetched !== undefined) return fetched
  throw new UnavailableError(
    `no nats-server ${oldestVersion} or newer was found; set PERDURE_NATS_SERVER to one. Tried:\n${tried.map(line => `  ${line}`).join('\n')}`,
  )
}

async function serverGiven(path: string): Promise<FoundServer> {
  const found = await serverAt(path)
  if (found !== undefined && isRecent(found)) return found
  const what = found === undefined ? 'no nats-server that runs' : `version ${found.version}`
  throw new UnavailableError(
    `PERDURE_NATS_SERVER=${path}: expected a nats-server ${oldestVersion} or newer, found ${what}`,
  )
}

async function serverOnPath(path: string, tried: string[]): Promise<FoundServer | undefined> {
  for (const folder of path.split(delimiter).filter(one => one !== '')) {
    const found = await serverAt(join(folder, 'nats-server'))
    if (found === undefined) continue
    if (isRecent(found)) return found
    tried.push(`${found.path}: version ${found.version} is too old`)
  }
  tried.push('nats-server on PATH: none that is recent')
  return undefined
}

/** @returns the binary in `folder`, or undefined when nobody gave one. */
async function fetchServer(folder: string, tried: string[], finding: Finding): Promise<string | undefined> {
  const sources = [
    { what: 'the official release', fetch: () => fetchRelease(folder, finding.releases ?? releasesUrl) },
    { what: 'the newest Debian build, by apt', fetch: () => fetchDebianBuild(folder) },
  ]
  for (const { what, fetch } of sources) {
    finding.onFetch?.(what)
    try {
      return await fetch()
    } catch (error) {
      tried.push(`${what}: ${reason(error)}`)
    }
  }
  return undefined
}

function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const cause = error.cause instanceof Error ? ` (${error.cause.message})` : ''
  return `${error.message.split('\n', 1).join()}${cause}`
}
