/**
 * Tidy rules on the shape of files: sizes, headers, promises left in comments, ways around the type
 * checker, and tests that stand where their subject does.
 */

import { rooms } from './tidy-imports.js'
import { child, type Finding, nameOf, type Source, type SyntaxNode, walk } from './tidy-source.js'

const FILE_LINES_MAX = 400
const FUNCTION_LINES_MAX = 70

export function sizes(sources: readonly Source[]): Finding[] {
  return sources.flatMap(source => {
    const lines = source.text.trimEnd().split('\n').length
    const instead = 'one concept a file: move what has a name of its own into its own file'
    const file = {
      file: source.path,
      line: FILE_LINES_MAX + 1,
      what: `${lines} lines, at most ${FILE_LINES_MAX}`,
      instead,
    }
    return [...(lines > FILE_LINES_MAX ? [file] : []), ...longFunctions(source)]
  })
}

/**
 * A function's lines are its own: those of functions declared in it (by name, as methods, as tests of a
 * suite) count for them. A callback counts where it stands.
 */
function longFunctions(source: Source): Finding[] {
  const own = new Map<SyntaxNode, number>()
  walk(source.program, (node, around) => {
    if (!isFunction(node)) return
    own.set(node, linesOf(source, node))
    if (!isDeclared(node, around.at(-1))) return
    for (const [index, outer] of [...around.entries()].reverse()) {
      if (!isFunction(outer)) continue
      own.set(outer, (own.get(outer) ?? 0) - linesOf(source, node) + 1)
      if (isDeclared(outer, around[index - 1])) return
    }
  })
  return [...own]
    .filter(([, lines]) => lines > FUNCTION_LINES_MAX)
    .map(([node, lines]) => ({
      file: source.path,
      line: source.lineOf(node.start),
      what: `a function of ${lines} lines, at most ${FUNCTION_LINES_MAX}`,
      instead: 'give its parts names',
    }))
}

function isFunction(node: SyntaxNode): boolean {
  return /^(FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/.test(node.type)
}

function linesOf(source: Source, node: SyntaxNode): number {
  return source.lineOf(node.end) - source.lineOf(node.start) + 1
}

function isDeclared(node: SyntaxNode, parent: SyntaxNode | undefined): boolean {
  if (node.type === 'FunctionDeclaration' || parent === undefined) return true
  if (/^(VariableDeclarator|Property|MethodDefinition|PropertyDefinition)$/.test(parent.type)) return true
  return parent.type === 'CallExpression' && isTestCall(parent)
}

/** `test(…)`, `suite(…)`, `t.test(…)` and their kin. */
function isTestCall(call: SyntaxNode): boolean {
  const callee = child(call, 'callee')
  const name = callee?.type === 'MemberExpression' ? nameOf(child(callee, 'property')) : nameOf(callee)
  return /^(test|it|suite|describe|before|after|beforeEach|afterEach)$/.test(name ?? '')
}

const COMMENTS: readonly { pattern: RegExp; instead: string; where?: RegExp }[] = [
  { pattern: /\b(TODO|FIXME|XXX|HACK)\b/, instead: 'do it, or leave it out' },
  { pattern: /@ts-(ignore|nocheck)\b/, instead: 'mend the type' },
  { pattern: /@ts-expect-error\b/, instead: 'mend the type; only tests expect errors', where: /^(?!test\/)/ },
]

export function comments(sources: readonly Source[]): Finding[] {
  return sources.flatMap(source =>
    source.comments.flatMap(comment =>
      COMMENTS.filter(rule => rule.where?.test(source.path) ?? true).flatMap(({ pattern, instead }) => {
        const found = pattern.exec(comment.value)
        if (found === null) return []
        const line = source.lineOf(comment.start + 2 + found.index)
        return [{ file: source.path, line, what: `a comment says ${found[0]}`, instead }]
      }),
    ),
  )
}

/** Every module of a room opens by saying what it owns. */
export function headers(sources: readonly Source[]): Finding[] {
  return sources
    .filter(source => rooms.some(room => room === source.room))
    .filter(source => !/^(#!.*\n)?\/\*\*/.test(source.text))
    .map(source => ({
      file: source.path,
      line: 1,
      what: 'no module header',
      instead: 'open with /** what it owns, what it does not, its invariants */',
    }))
}

export function untyped(sources: readonly Source[]): Finding[] {
  return sources.flatMap(source => {
    const found: Finding[] = []
    walk(source.program, node => {
      if (node.type === 'TSAnyKeyword')
        found.push({
          file: source.path,
          line: source.lineOf(node.start),
          what: '`any`',
          instead: '`unknown`, or a type parameter',
        })
    })
    return found
  })
}

/** A test left alone with `only` silences all the others. */
export function lonelyTests(sources: readonly Source[]): Finding[] {
  return sources
    .filter(source => source.room === 'test')
    .flatMap(source => {
      const found: Finding[] = []
      walk(source.program, node => {
        const named = nameOf(child(node, node.type === 'Property' ? 'key' : 'property')) === 'only'
        const call = named && /^(test|it|suite|describe)$/.test(nameOf(child(node, 'object')) ?? '')
        const option = named && child(node, 'value')?.value === true
        if (call || option)
          found.push({
            file: source.path,
            line: source.lineOf(node.start),
            what: '`only`',
            instead: 'let all tests run',
          })
      })
      return found
    })
}

/** Folders of test/ besides the mirrored rooms; each test that has no single subject belongs in one of them. */
const KINDS = ['contracts', 'scenarios', 'simulation', 'integration', 'examples', 'bench', 'support']

/**
 * `test/journal/codec.test.ts` tests `journal/codec.ts` or the folder `journal/codec/`; a second file on the
 * same subject adds a word: `codec-dates.test.ts`.
 */
export function mirrors(sources: readonly Source[]): Finding[] {
  const subjects = new Set(sources.flatMap(({ path }) => [path.replace(/\.ts$/, ''), ...foldersOf(path)]))
  return sources
    .filter(({ room }) => room === 'test')
    .flatMap(({ path }) => {
      const [, folder = '', ...rest] = path.split('/')
      if (rest.length === 0)
        return path === 'test/tidy.test.ts' ? [] : [misplaced(path, 'stands in test/ itself')]
      if (KINDS.includes(folder)) return []
      if (!rooms.some(room => room === folder))
        return [misplaced(path, `test/${folder} is neither a room nor a kind of test`)]
      if (!path.endsWith('.test.ts')) return []
      return subjectsOf(path).some(subject => subjects.has(subject))
        ? []
        : [misplaced(path, 'mirrors no module')]
    })
}

function misplaced(file: string, what: string): Finding {
  return {
    file,
    line: 1,
    what,
    instead: `name it after the module it tests, or put it in one of ${KINDS.map(kind => `test/${kind}`).join(', ')}`,
  }
}

function foldersOf(path: string): string[] {
  const parts = path.split('/')
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join('/'))
}

/** Longest first: `journal/codec-dates`, `journal/codec`; and the folder's own name for a test beside others. */
function subjectsOf(path: string): string[] {
  const stem = path.replace(/^test\//, '').replace(/\.test\.ts$/, '')
  const words = stem.split('-')
  return words.map((_, index) => words.slice(0, words.length - index).join('-'))
}
