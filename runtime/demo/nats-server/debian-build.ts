/**
 * The newest Debian build of nats-server, through the mirror that this machine's apt already uses. All of apt's
 * state is kept in a folder of its own; apt checks the signatures with the keys it trusts.
 */
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { UnavailableError } from '../../../actors/errors.js'
import { run } from './programs.js'

const SUITE = 'sid'
const mirrorsMax = 3

/**
 * Fetches it into `folder`.
 * @returns the binary's path.
 * @throws when there is no apt here, or no mirror of it has the package.
 */
export async function fetchDebianBuild(folder: string): Promise<string> {
  const sites = await mirrors()
  let last: unknown
  for (const [index, site] of sites.slice(0, mirrorsMax).entries()) {
    try {
      return await fromMirror(site, join(folder, `apt-${index}`))
    } catch (error) {
      last = error
    }
  }
  // The mirror's name is the user's affair: it goes into no message.
  throw new UnavailableError(`${sites.length} mirrors of apt tried: ${aptError(last)}`)
}

async function mirrors(): Promise<string[]> {
  const format = '$(SITE)\t$(CREATED_BY)'
  const lines = (await run('apt-get', ['indextargets', '--format', format])).split('\n')
  return [
    ...new Set(lines.filter(line => line.endsWith('\tPackages')).map(line => line.split('\t', 1).join())),
  ]
}

async function fromMirror(site: string, folder: string): Promise<string> {
  for (const name of ['lists/partial', 'cache/archives/partial', 'unpacked'])
    await mkdir(join(folder, name), { recursive: true })
  const list = join(folder, 'sources.list')
  await writeFile(list, `deb ${site} ${SUITE} main\n`)
  const settings = [
    `Dir::Etc::SourceList=${list}`,
    'Dir::Etc::SourceParts=/dev/null',
    `Dir::State::Lists=${join(folder, 'lists')}`,
    `Dir::Cache=${join(folder, 'cache')}`,
    'Acquire::Languages=none',
    // Root's apt hands its downloads to a user who may not write here.
    'APT::Sandbox::User=root',
    'APT::Update::Error-Mode=any',
  ].flatMap(setting => ['-o', setting])
  await run('apt-get', [...settings, '-qq', 'update'])
  await run('apt-get', [...settings, '-qq', 'download', 'nats-server'], folder)
  const [file] = (await readdir(folder)).filter(name => name.endsWith('.deb'))
  if (file === undefined) throw new UnavailableError('apt-get download left no package')
  await run('dpkg-deb', ['-x', join(folder, file), join(folder, 'unpacked')])
  return join(folder, 'unpacked', 'usr', 'sbin', 'nats-server')
}

function aptError(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  const line = text.split('\n').find(one => one.startsWith('E: ')) ?? text.split('\n', 1).join()
  return line.replace(/\w+:\/\/\S+/g, '<mirror>').replace(/'[^']*\.[^']*'/g, '<mirror>')
}
