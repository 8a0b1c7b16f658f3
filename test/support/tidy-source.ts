/**
 * A source file as the tidy rules see it: its text, its syntax tree and the imports in it. Knows the parser
 * so that no rule has to.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { type Comment, parseSync, visitorKeys } from 'oxc-parser'

/** What a rule has found: where, what, and what to do instead. Lines count from 1. */
export interface Finding {
  readonly file: string
  readonly line: number
  readonly what: string
  readonly instead: string
}

/** A node of the tree (ESTree with TypeScript's own nodes). */
export interface SyntaxNode {
  readonly type: string
  readonly start: number
  readonly end: number
  readonly [field: string]: unknown
}

export interface ImportFact {
  /** As written: `./x.js`, `node:fs`, `xstate`. */
  readonly specifier: string
  /** The file it means, from the project's root, when it is one of ours. */
  readonly file: string | undefined
  /** Erased by the compiler: nothing is loaded. */
  readonly typeOnly: boolean
  /** Names taken from it; '*' for all of them. */
  readonly names: readonly string[]
  /** Handed on under a name of this file: `export … from`. */
  readonly handedOn: readonly HandedOn[]
  readonly line: number
}

/** `export { local as name } from`; both '*' for `export *`. */
interface HandedOn {
  readonly name: string
  readonly local: string
  readonly type: boolean
}

export interface Source {
  /** From the project's root, with `/`: `journal/codec.ts`. */
  readonly path: string
  /** First folder of the path. */
  readonly room: string
  readonly text: string
  readonly program: SyntaxNode
  readonly comments: readonly Comment[]
  readonly imports: readonly ImportFact[]
  lineOf(offset: number): number
}

/** @throws Error when the text is not TypeScript. */
export function parseSource(path: string, text: string): Source {
  const parsed = parseSync(path, text, { lang: 'ts', sourceType: 'module' })
  const bad = parsed.errors[0]
  if (bad !== undefined) throw new Error(`${path}: ${bad.message}`)
  const starts = lineStarts(text)
  const lineOf = (offset: number) => starts.findLastIndex(start => start <= offset) + 1
  const program = parsed.program as unknown as SyntaxNode
  const room = path.split('/')[0] ?? ''
  return {
    path,
    room,
    text,
    program,
    comments: parsed.comments,
    imports: findImports(path, program, lineOf),
    lineOf,
  }
}

/** Every TypeScript file in these folders of the project; a folder that is not there has none. */
export function readSources(root: string, folders: readonly string[]): Source[] {
  return folders.flatMap(folder =>
    filesUnder(root, folder)
      .filter(path => path.endsWith('.ts'))
      .map(path => parseSource(path, readFileSync(join(root, path), 'utf8'))),
  )
}

/** Calls `visit` for each node, parents first, with the nodes around it, the nearest last. */
export function walk(
  node: SyntaxNode,
  visit: (node: SyntaxNode, around: readonly SyntaxNode[]) => void,
  around: readonly SyntaxNode[] = [],
): void {
  visit(node, around)
  const inner = [...around, node]
  for (const key of visitorKeys[node.type] ?? []) {
    const value = node[key]
    for (const child of Array.isArray(value) ? value : [value]) if (isNode(child)) walk(child, visit, inner)
  }
}

export function isNode(value: unknown): value is SyntaxNode {
  return typeof value === 'object' && value !== null && typeof (value as SyntaxNode).type === 'string'
}

/** A child node that is there. */
export function child(node: SyntaxNode, field: string): SyntaxNode | undefined {
  const value = node[field]
  return isNode(value) ? value : undefined
}

/** The child nodes in a list. */
export function children(node: SyntaxNode, field: string): SyntaxNode[] {
  const value = node[field]
  return Array.isArray(value) ? value.filter(isNode) : []
}

/** An identifier's name, or the text of a string literal. */
export function nameOf(node: SyntaxNode | undefined): string | undefined {
  const name = node?.type === 'Literal' ? node.value : node?.name
  return typeof name === 'string' ? name : undefined
}

function filesUnder(root: string, folder: string): string[] {
  return readdirSync(root)
    .filter(name => name === folder)
    .flatMap(() => readdirSync(join(root, folder), { recursive: true, withFileTypes: true }))
    .filter(entry => entry.isFile())
    .map(entry => posix.relative(root, posix.join(entry.parentPath, entry.name)))
    .sort()
}

function lineStarts(text: string): number[] {
  const starts = [0]
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  return starts
}

function findImports(path: string, program: SyntaxNode, lineOf: (offset: number) => number): ImportFact[] {
  const found: ImportFact[] = []
  walk(program, node => {
    const specifier = nameOf(child(node, 'source'))
    if (specifier === undefined) return
    found.push({
      specifier,
      file: resolve(path, specifier),
      typeOnly: node.type === 'TSImportType' || node.importKind === 'type' || node.exportKind === 'type',
      ...namesOf(node),
      line: lineOf(node.start),
    })
  })
  return found
}

function namesOf(node: SyntaxNode): Pick<ImportFact, 'names' | 'handedOn'> {
  if (node.type === 'ImportDeclaration')
    return {
      names: children(node, 'specifiers').map(one => nameOf(child(one, 'imported')) ?? whole(one)),
      handedOn: [],
    }
  if (node.type === 'ExportNamedDeclaration')
    return { names: [], handedOn: children(node, 'specifiers').map(one => handedOn(node, one)) }
  if (node.type === 'ExportAllDeclaration' && child(node, 'exported') === undefined)
    return { names: [], handedOn: [{ name: '*', local: '*', type: node.exportKind === 'type' }] }
  return { names: ['*'], handedOn: [] }
}

function handedOn(statement: SyntaxNode, specifier: SyntaxNode): HandedOn {
  return {
    name: nameOf(child(specifier, 'exported')) ?? '',
    local: nameOf(child(specifier, 'local')) ?? '',
    type: statement.exportKind === 'type' || specifier.exportKind === 'type',
  }
}

function whole(specifier: SyntaxNode): string {
  return specifier.type === 'ImportDefaultSpecifier' ? 'default' : '*'
}

/** Node's rule for a relative import, back from the compiled name to the source's. */
function resolve(from: string, specifier: string): string | undefined {
  if (!specifier.startsWith('.')) return undefined
  return posix.join(posix.dirname(from), specifier).replace(/\.js$/, '.ts')
}
