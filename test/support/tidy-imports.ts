/**
 * Tidy rules on imports: which room may know which, which package belongs where, and that no module waits
 * for itself. Imports of types alone load nothing, so they make no cycle; rooms keep apart even in types.
 */
import type { Finding, ImportFact, Source } from './tidy-source.js'

export const rooms = ['actors', 'machines', 'journal', 'cluster', 'runtime'] as const

const KNOWS: Readonly<Record<string, readonly string[]>> = {
  actors: [],
  machines: ['actors'],
  journal: ['actors'],
  cluster: ['actors'],
  runtime: ['actors', 'machines', 'journal', 'cluster'],
  test: [...rooms],
}

/** Packages that one room owns, so that each can be replaced in one place. */
const OWNED: readonly { package: RegExp; owner: string; typesAlsoIn: readonly string[] }[] = [
  { package: /^(xstate|@xstate\/store)(\/|$)/, owner: 'machines', typesAlsoIn: ['actors', 'runtime'] },
  { package: /^better-sqlite3$/, owner: 'journal', typesAlsoIn: [] },
  { package: /^@nats-io\//, owner: 'cluster', typesAlsoIn: [] },
]

/** Node's modules that reach outside the process: not for what is pure. */
const OUTSIDE =
  /^node:(fs|net|http|http2|https|tls|dgram|dns|child_process|cluster|worker_threads|readline|repl)(\/|$)/

export interface Packages {
  readonly dependencies: readonly string[]
  readonly devDependencies: readonly string[]
}

export function importMatrix(sources: readonly Source[], packages: Packages): Finding[] {
  return sources.flatMap(source =>
    source.imports.flatMap(fact => {
      const wrong = fact.file === undefined ? foreign(source, fact, packages) : own(source, fact, fact.file)
      return wrong === undefined ? [] : [{ file: source.path, line: fact.line, ...wrong }]
    }),
  )
}

type Wrong = Pick<Finding, 'what' | 'instead'> | undefined

function own(source: Source, fact: ImportFact, file: string): Wrong {
  const room = file.split('/')[0] ?? ''
  if (room !== source.room && !KNOWS[source.room]?.includes(room))
    return {
      what: `${source.room}/ imports ${file}`,
      instead: `${source.room}/ may know ${KNOWS[source.room]?.join(', ') || 'no other room'}: put the word both need in actors/, or have runtime/ join them`,
    }
  if (source.room === 'runtime' && face(file) !== undefined && mayNotUse(source.path, file))
    return {
      what: `${source.path} imports ${fact.specifier}`,
      instead: `${face(file)} is a face of the engine: nothing behind it may depend on it`,
    }
  return undefined
}

/** The outermost faces: used by people and tests, never by the engine. */
function face(file: string): string | undefined {
  return /^runtime\/(testing|cli|demo)\//.exec(file)?.[0]
}

function mayNotUse(from: string, to: string): boolean {
  if (face(from) === face(to)) return false
  return !(face(from) === 'runtime/cli/' && face(to) === 'runtime/demo/')
}

function foreign(source: Source, fact: ImportFact, packages: Packages): Wrong {
  const name = fact.specifier
  if (name.startsWith('node:'))
    return ['actors', 'machines'].includes(source.room) && OUTSIDE.test(name) && !fact.typeOnly
      ? { what: `${source.room}/ imports ${name}`, instead: 'this room is pure: take it as a port' }
      : undefined
  if (name === 'perdure' || name.startsWith('perdure/'))
    return source.path.startsWith('test/examples/')
      ? undefined
      : { what: `imports ${name}`, instead: 'inside the project, import the module itself by its path' }
  return source.room === 'test' ? declared(name, packages) : (owned(source, fact) ?? shipped(fact, packages))
}

function owned(source: Source, fact: ImportFact): Wrong {
  const rule = OWNED.find(one => one.package.test(fact.specifier))
  if (rule === undefined || rule.owner === source.room) return undefined
  if (fact.typeOnly && rule.typesAlsoIn.includes(source.room)) return undefined
  const types =
    rule.typesAlsoIn.length === 0 ? '' : ` (its types also in ${rule.typesAlsoIn.join(', ')}: 'import type')`
  return {
    what: `${source.room}/ imports ${fact.specifier}`,
    instead: `it belongs to ${rule.owner}/${types}: ask for what you need through a port in actors/`,
  }
}

function shipped(fact: ImportFact, packages: Packages): Wrong {
  if (packages.dependencies.includes(packageOf(fact.specifier))) return undefined
  return {
    what: `imports ${fact.specifier}, which an installed perdure does not have`,
    instead: `only what is in "dependencies" may be used outside test/`,
  }
}

function declared(name: string, packages: Packages): Wrong {
  if ([...packages.dependencies, ...packages.devDependencies].includes(packageOf(name))) return undefined
  return { what: `imports ${name}, which package.json does not name`, instead: 'add it to "devDependencies"' }
}

function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
}

/** One finding a cycle: a shortest way from a module back to itself. */
export function importCycles(sources: readonly Source[]): Finding[] {
  const graph = new Map(sources.map(source => [source.path, source.imports.filter(fact => !fact.typeOnly)]))
  const told = new Set<string>()
  return sources.flatMap(source => {
    if (told.has(source.path)) return []
    const way = wayBack(source.path, graph)
    if (way === undefined) return []
    for (const path of way) told.add(path)
    const line = graph.get(source.path)?.find(fact => fact.file === way[1])?.line ?? 1
    return [
      {
        file: source.path,
        line,
        what: `imports itself: ${way.join(' → ')}`,
        instead: 'move what both need into a module of its own; types alone may go through `import type`',
      },
    ]
  })
}

/** Breadth first, so the way told is a shortest one. */
function wayBack(start: string, graph: ReadonlyMap<string, readonly ImportFact[]>): string[] | undefined {
  const ways = [[start]]
  const seen = new Set<string>()
  for (const way of ways) {
    for (const { file } of graph.get(way.at(-1) ?? '') ?? []) {
      if (file === start) return [...way, start]
      if (file === undefined || seen.has(file)) continue
      seen.add(file)
      ways.push([...way, file])
    }
  }
  return undefined
}
