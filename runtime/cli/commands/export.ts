/** `perdure export`: a machine for tools that draw it, or the histories of actors for tools that read them. */
import { Command, Option } from 'commander'
import type { Address } from '../../../actors/address.js'
import { idOf } from '../../../actors/address.js'
import type { JournalEntry } from '../../../actors/commit.js'
import type { Definition } from '../../../actors/definition.js'
import { PerdureError, SetupError } from '../../../actors/errors.js'
import type { Api, ListedView, PublishedPage } from '../../api/api.js'
import { address } from '../arguments.js'
import { definitionsOf, isModulePath } from '../definitions.js'
import { historyLine } from '../history-line.js'
import { interruptible } from '../interruption.js'
import { printJson } from '../output.js'
import { pagesOf } from '../pages.js'
import { pathOption, type SourceFlags, withApi } from '../source.js'
import { taught } from '../teaching.js'

type Machines = 'mermaid' | 'stately'
type Lines = 'ndjson' | 'audit'

interface Flags extends SourceFlags {
  readonly format?: Machines | Lines
  readonly type?: string
}

export function exportCommand(): Command {
  const command = new Command('export')
    .summary('histories and audit trails as NDJSON, machines as diagrams')
    .description(
      'Write the history of an actor, or of all of a type, as one JSON object an entry (ndjson), or what they ' +
        'published, one event a line (audit); or the machine of a module as a diagram (mermaid) or for Stately ' +
        'Studio (stately). Works on a stopped runtime too: audit takes --actors then.',
    )
    .argument('<what>', 'an actor (order/o-1), a type (order), or a module (./orders.ts)')
    .addOption(
      new Option('--format <format>', 'ndjson unless a module is given, then mermaid').choices([
        'ndjson',
        'audit',
        'mermaid',
        'stately',
      ]),
    )
    .option('--type <type>', 'of the machines in the module, the one of this type')
    .addOption(pathOption())
    .option('--actors <module>', 'the module with the definition of an actor or a type')
    .action(exported)
  return taught(command, [
    'export order/o-1 > o-1.ndjson',
    'export order --format ndjson | gzip > orders.ndjson.gz',
    'export order/o-1 --format audit',
    'export ./orders.ts --type order --format mermaid',
  ])
}

async function exported(what: string, flags: Flags): Promise<void> {
  const isModule = isModulePath(what)
  const format = flags.format ?? (isModule ? 'mermaid' : 'ndjson')
  if (format !== 'ndjson' && format !== 'audit') return exportMachine(what, isModule, format, flags)
  if (isModule)
    throw new PerdureError(
      'InvalidEvent',
      `${format} is of actors: name one (order/o-1) or a type, and not ${what}`,
    )
  await interruptible(signal => withApi(flags, api => exportLines(what, linesOf[format], api), signal))
}

/** What there is to write of one actor. */
const linesOf: Readonly<Record<Lines, (api: Api, actor: Address) => AsyncGenerator<object>>> = {
  async *ndjson(api, actor) {
    for await (const entry of pagesOf<JournalEntry>(last =>
      api.history({ address: actor, after: last?.seq ?? 0 }),
    ))
      yield historyLine(entry)
  },
  async *audit(api, actor) {
    for (let after: number | undefined = 0; after !== undefined; ) {
      const page: PublishedPage = await api.published({ address: actor, after })
      for (const { event } of page.events) yield event
      after = page.next
    }
  },
}

async function exportLines(what: string, lines: (typeof linesOf)[Lines], api: Api): Promise<void> {
  let exists = false
  for await (const actor of actorsOf(what, api)) {
    exists = true
    for await (const line of lines(api, actor)) printJson(line)
  }
  if (!exists)
    throw new PerdureError('NotFound', `there is no history of ${what}: 'perdure list' shows who there is`)
}

async function* actorsOf(what: string, api: Api): AsyncGenerator<Address> {
  if (what.includes('/')) {
    const actor = address(what)
    if ((await api.history({ address: actor, limit: 1 })).length > 0) yield actor
    return
  }
  for await (const { id } of pagesOf<ListedView>(last =>
    api.list({ type: what, ...(last === undefined ? {} : { after: last.id }) }),
  ))
    yield id
}

async function exportMachine(
  what: string,
  isModule: boolean,
  format: Machines,
  { actors, type }: Flags,
): Promise<void> {
  const module = isModule ? what : actors
  if (module === undefined)
    throw new SetupError(
      'InvalidDefinition',
      `${format} takes the machine of '${what}': give the module it is in, with --actors or as the argument`,
    )
  const asked = type ?? (isModule ? undefined : idOf(what.includes('/') ? address(what) : `${what}/`).type)
  const definition = chosen(await definitionsOf(module), asked, module)
  if (format === 'mermaid')
    process.stdout.write((await import('../../export/to-mermaid.js')).toMermaid(definition))
  else process.stdout.write((await import('../../export/to-stately.js')).toStately(definition))
}

function chosen(definitions: readonly Definition[], type: string | undefined, module: string): Definition {
  const types = definitions.map(one => one.type).join(', ')
  if (type === undefined && definitions.length > 1)
    throw new SetupError('InvalidDefinition', `${module} exports ${types}: say which with --type`)
  const found = type === undefined ? definitions[0] : definitions.find(one => one.type === type)
  if (found === undefined)
    throw new SetupError('InvalidDefinition', `${module} exports no '${type}': it exports ${types}`)
  return found
}
