/**
 * Tidy rule: an export is for somebody. A name that nobody imports, directly or through modules that hand
 * it on, is dead, unless it is on a public face. A type may also live by its use in its own module, or by
 * standing on its room's face: the shape of an exported thing stays nameable.
 */
import { child, children, type Finding, nameOf, type Source, type SyntaxNode, walk } from './tidy-source.js'

/** The package's `exports`: what users import. */
const PUBLIC = ['runtime/index.ts', 'runtime/testing/index.ts']
/** A room's face. */
const FACE = /^\w+\/index\.ts$/
/** Programs of a user, kept as they would be written. */
const USERS = /^test\/examples\//

interface Export {
  readonly name: string
  readonly line: number
  readonly type: boolean
}

export function deadExports(sources: readonly Source[]): Finding[] {
  const used = usedNames(sources)
  return sources
    .filter(source => !PUBLIC.includes(source.path) && !USERS.test(source.path))
    .flatMap(source => exportsOf(source).map(one => ({ source, one })))
    .filter(({ source, one }) => !isUsed(used, source.path, one.name))
    .filter(({ source, one }) => !(one.type && usedAtHome(source, one.name)))
    .map(({ source, one }) => ({
      file: source.path,
      line: one.line,
      what: `nobody imports '${one.name}'`,
      instead: 'drop `export`, or the whole thing if nothing here uses it either',
    }))
}

function isUsed(used: ReadonlyMap<string, ReadonlySet<string>>, file: string, name: string): boolean {
  const names = used.get(file)
  return names !== undefined && (names.has(name) || names.has('*'))
}

/** Names taken from each file; what is handed on counts once somebody takes it there. */
function usedNames(sources: readonly Source[]): Map<string, Set<string>> {
  const used = new Map<string, Set<string>>()
  const take = (file: string, name: string): boolean => {
    const names = used.get(file) ?? new Set()
    used.set(file, names)
    return names.size !== names.add(name).size
  }
  for (const path of PUBLIC) take(path, '*')
  for (const source of sources)
    for (const fact of source.imports) for (const name of fact.names) if (fact.file) take(fact.file, name)

  const handing = sources.flatMap(source =>
    source.imports.flatMap(({ file, handedOn }) =>
      file === undefined ? [] : handedOn.map(one => ({ ...one, via: source.path, file })),
    ),
  )
  for (const { via, name, type } of handing) if (type && FACE.test(via)) take(via, name)
  let grew = true
  while (grew) {
    grew = false
    for (const { via, name, local, file } of handing) {
      const names = name === '*' ? [...(used.get(via) ?? [])] : isUsed(used, via, name) ? [local] : []
      for (const one of names) if (take(file, one)) grew = true
    }
  }
  return used
}

function exportsOf(source: Source): Export[] {
  return children(source.program, 'body').flatMap(statement => {
    if (statement.type === 'ExportDefaultDeclaration')
      return [{ name: 'default', line: source.lineOf(statement.start), type: false }]
    if (statement.type !== 'ExportNamedDeclaration') return []
    const declaration = child(statement, 'declaration')
    const names =
      declaration === undefined
        ? children(statement, 'specifiers').map(one => nameOf(child(one, 'exported')))
        : declaredNames(declaration)
    const type = declaration !== undefined && /^TS(Interface|TypeAlias)Declaration$/.test(declaration.type)
    const line = source.lineOf(statement.start)
    return names.flatMap(name => (name === undefined ? [] : [{ name, line, type }]))
  })
}

function declaredNames(declaration: SyntaxNode): (string | undefined)[] {
  if (declaration.type !== 'VariableDeclaration') return [nameOf(child(declaration, 'id'))]
  return children(declaration, 'declarations').map(one => nameOf(child(one, 'id')))
}

function usedAtHome(source: Source, name: string): boolean {
  let uses = 0
  walk(source.program, node => {
    if (node.type === 'Identifier' && node.name === name) uses += 1
  })
  return uses > 1
}
