/**
 * The nats-server project's own release: one version, whose archives are known by their SHA-256.
 */
import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { UnavailableError } from '../../../actors/errors.js'
import { run } from './programs.js'

const VERSION = '2.15.0'

/** From the release's SHA256SUMS. Another version needs other sums. */
const SHA256: Readonly<Record<string, string>> = {
  'linux-amd64': '5d2c51caca950333aba84911df7d377f826f3a59ec36061c6539105084f65c92',
  'linux-arm64': 'cdc208f5a3f42963a52b6ab06ef65626bb870315dc936e26ba571780c6351112',
  'darwin-amd64': '5bd8b59ca5bf93fab3da2c5843cf564cd6e2e291e22ae3b861746e7ebe259b95',
  'darwin-arm64': 'e1c4e22d70bd44abfa0bcb3c16f7cf0c66f648c2e728c58924e8a1ce88913cc8',
}

export const releasesUrl = 'https://github.com/nats-io/nats-server/releases/download'

const answerMsMax = 8_000
const downloadMsMax = 180_000
const archiveBytesMax = 100_000_000

/**
 * Fetches it into `folder`.
 * @returns the binary's path.
 * @throws when the place cannot be reached, or gives something else than was released.
 */
export async function fetchRelease(folder: string, releases: string): Promise<string> {
  const platform = `${process.platform}-${process.arch === 'x64' ? 'amd64' : process.arch}`
  const expected = SHA256[platform]
  if (expected === undefined) throw new UnavailableError(`no release is known for ${platform}`)
  const name = `nats-server-v${VERSION}-${platform}`
  const archive = await download(`${releases}/v${VERSION}/${name}.tar.gz`)
  const found = createHash('sha256').update(archive).digest('hex')
  if (found !== expected)
    throw new UnavailableError(`${name}.tar.gz: expected SHA-256 ${expected}, found ${found}`)
  const file = join(folder, 'archive.tar.gz')
  await writeFile(file, archive)
  await run('tar', ['-xzf', file, '-C', folder])
  return join(folder, name, 'nats-server')
}

async function download(url: string): Promise<Uint8Array> {
  const abort = new AbortController()
  const timer = setTimeout(() => abort.abort(new Error(`no answer in ${answerMsMax} ms`)), answerMsMax)
  const response = await fetch(url, { signal: abort.signal }).finally(() => clearTimeout(timer))
  const whole = setTimeout(() => abort.abort(new Error(`not here in ${downloadMsMax} ms`)), downloadMsMax)
  try {
    if (!response.ok) throw new UnavailableError(`${url}: HTTP ${response.status}`)
    const length = Number(response.headers.get('content-length') ?? 0)
    if (length > archiveBytesMax) throw new UnavailableError(`${url}: ${length} bytes are too many`)
    return new Uint8Array(await response.arrayBuffer())
  } finally {
    clearTimeout(whole)
  }
}
