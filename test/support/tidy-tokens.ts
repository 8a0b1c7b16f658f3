/**
 * Tidy rule: the engine takes time, chance and the process through ports. What would reach around them is
 * named here with what to use instead, and the few places that must name it are listed with their reason.
 */
import {
  child,
  children,
  type Finding,
  isNode,
  nameOf,
  type Source,
  type SyntaxNode,
  walk,
} from './tidy-source.js'

type Kind = 'clock' | 'chance' | 'timers' | 'console' | 'process'

const INSTEAD: Readonly<Record<Kind, string>> = {
  clock: 'take the time from the Clock port (actors/clock.ts), or in a step from its context',
  chance: 'derive it from the command (position, seq, seed), or take a port that the composition root fills',
  timers: 'use after() or soon() of the Clock port (actors/clock.ts)',
  console: 'return it, or give it to the logger the runtime was composed with',
  process: 'take it as an option that runtime/compose.ts fills',
}

/** A global, or a member of one; `()` for calling it without arguments. */
const GLOBALS: Readonly<Record<string, Kind>> = {
  'Date.now': 'clock',
  'Date()': 'clock',
  performance: 'clock',
  'Math.random': 'chance',
  'crypto.randomUUID': 'chance',
  'crypto.getRandomValues': 'chance',
  'crypto.randomBytes': 'chance',
  'crypto.randomInt': 'chance',
  setTimeout: 'timers',
  setInterval: 'timers',
  setImmediate: 'timers',
  queueMicrotask: 'timers',
  'AbortSignal.timeout': 'timers',
  console: 'console',
  process: 'process',
}

/** Modules, or names of them, that hold the same. */
const MODULES: Readonly<Record<string, Kind>> = {
  'node:perf_hooks': 'clock',
  'node:crypto#randomUUID': 'chance',
  'node:crypto#randomBytes': 'chance',
  'node:crypto#randomInt': 'chance',
  'node:crypto#getRandomValues': 'chance',
  'node:crypto#*': 'chance',
  'node:crypto#default': 'chance',
  'node:timers': 'timers',
  'node:timers/promises': 'timers',
  'node:console': 'console',
  'node:process': 'process',
}

interface Allowed {
  readonly path: RegExp
  readonly kinds: readonly Kind[]
  readonly because: string
}

const allowed: readonly Allowed[] = [
  {
    path: /^runtime\/system-clock\.ts$/,
    kinds: ['clock', 'timers', 'process'],
    because: 'it is the clock: the one implementation of the port on the machine',
  },
  {
    path: /^runtime\/compose\.ts$/,
    kinds: ['process'],
    because: 'the composition root hands the machine to the engine',
  },
  {
    path: /^runtime\/control\/holder\.ts$/,
    kinds: ['process'],
    because: 'whether the process that holds a directory lives, only the machine can say',
  },
  {
    path: /^runtime\/command-id\.ts$/,
    kinds: ['chance'],
    because: 'who gives a command mints its id, the command line too, which loads no engine for it',
  },
  {
    path: /^runtime\/(cli|demo)\//,
    kinds: ['clock', 'timers', 'console', 'process'],
    because: 'programs of their own: they speak to a person and start other processes (chance is seeded)',
  },
  {
    path: /^machines\/deterministic-window\.ts$/,
    kinds: ['clock', 'chance', 'timers'],
    because: 'it stands in for them while a step runs, so it has to name them',
  },
  {
    path: /^machines\/lifecycles\/until\.ts$/,
    kinds: ['clock'],
    because: "within a step `Date.now()` is the command's own time, and a delay that ends at a date needs it",
  },
  {
    path: /^cluster\/members\/(lease-cell|heartbeat-worker)\.ts$/,
    kinds: ['clock', 'timers', 'process'],
    because:
      'a lease is renewed in a thread of its own, where no port reaches, and judged by clocks both threads share',
  },
  {
    path: /^journal\/sqlite\/writer\/thread\.ts$/,
    kinds: ['timers'],
    because: 'it is a thread of its own, where no port reaches: between two slices it hears what has come',
  },
  {
    path: /^test\/(machines\/|contracts\/logic|simulation\/machines\/|support\/engine-rich)/,
    kinds: ['chance'],
    because: 'machines under test ask for chance in their steps, where it is answered from the seed',
  },
  {
    path: /^test\//,
    kinds: ['clock', 'timers', 'console', 'process'],
    because: 'tests start processes and measure; chance must come from a seed that a failure prints',
  },
]

export function bannedTokens(sources: readonly Source[]): Finding[] {
  return sources.flatMap(source => {
    const free = allowed.filter(one => one.path.test(source.path)).flatMap(one => one.kinds)
    return [...globals(source), ...modules(source)]
      .filter(({ kind }) => !free.includes(kind))
      .map(({ line, token, kind }) => ({
        file: source.path,
        line,
        what: `uses ${token}`,
        instead: INSTEAD[kind],
      }))
  })
}

interface Use {
  readonly line: number
  readonly token: string
  readonly kind: Kind
}

function modules(source: Source): Use[] {
  return source.imports
    .filter(fact => !fact.typeOnly)
    .flatMap(fact =>
      [fact.specifier, ...fact.names.map(name => `${fact.specifier}#${name}`)].map(key => ({ fact, key })),
    )
    .flatMap(({ fact, key }) => {
      const kind = MODULES[key]
      return kind === undefined ? [] : [{ line: fact.line, token: key.replace('#', ' '), kind }]
    })
}

function globals(source: Source): Use[] {
  const own = declaredNames(source)
  const uses: Use[] = []
  walk(source.program, (node, around) => {
    for (const token of tokensOf(node, around.at(-1))) {
      const kind = GLOBALS[token]
      if (kind !== undefined && !own.has(token.split(/[.(]/)[0] ?? ''))
        uses.push({ line: source.lineOf(node.start), token, kind })
    }
  })
  return uses
}

/** What of the globals a node names: `x`, `x.y`, `x()`, or `const { y } = x`. */
function tokensOf(node: SyntaxNode, parent: SyntaxNode | undefined): string[] {
  if (node.type === 'Identifier')
    return parent !== undefined && isName(node, parent) ? [] : [nameOf(node) ?? '']
  if (node.type === 'MemberExpression') {
    const [object, property] = [globalName(child(node, 'object')), memberName(node)]
    if (property === undefined) return []
    if (object === 'globalThis' || object === 'global') return [property]
    return object === undefined ? [] : [`${object}.${property}`]
  }
  if (node.type === 'NewExpression' || node.type === 'CallExpression') {
    const callee = globalName(child(node, 'callee'))
    return callee !== undefined && children(node, 'arguments').length === 0 ? [`${callee}()`] : []
  }
  if (node.type === 'VariableDeclarator' && child(node, 'id')?.type === 'ObjectPattern') {
    const object = globalName(child(node, 'init'))
    const keys = children(child(node, 'id') ?? node, 'properties').map(one => nameOf(child(one, 'key')))
    return keys.map(key => (object === 'globalThis' ? `${key}` : `${object}.${key}`))
  }
  return []
}

/** `Date`, and `globalThis.Date` as well. */
function globalName(node: SyntaxNode | undefined): string | undefined {
  if (node?.type === 'Identifier') return nameOf(node)
  if (node?.type !== 'MemberExpression' || nameOf(child(node, 'object')) !== 'globalThis') return undefined
  return memberName(node)
}

function memberName(node: SyntaxNode): string | undefined {
  const property = child(node, 'property')
  if (node.computed === true && property?.type !== 'Literal') return undefined
  return nameOf(property)
}

/** Whether an identifier only names something of its parent: a member, a key, a label. */
function isName(node: SyntaxNode, parent: SyntaxNode): boolean {
  if (/^(Import|Export).*Specifier$/.test(parent.type)) return true
  if (/^TS(?!(As|Satisfies|NonNull|Instantiation)Expression)/.test(parent.type)) return true
  if (parent.computed === true) return false
  return parent.property === node || (parent.key === node && parent.value !== node) || parent.label === node
}

/** Names that a file itself gives to something: they hide the global of that name. */
function declaredNames(source: Source): ReadonlySet<string> {
  const names = new Set<string>()
  const bind = (pattern: unknown): void => {
    if (!isNode(pattern)) return
    if (pattern.type === 'Identifier') names.add(nameOf(pattern) ?? '')
    for (const part of children(pattern, 'properties'))
      bind(part.type === 'Property' ? part.value : part.argument)
    for (const part of children(pattern, 'elements')) bind(part)
    if (pattern.type === 'AssignmentPattern') bind(pattern.left)
    if (pattern.type === 'RestElement') bind(pattern.argument)
  }
  walk(source.program, node => {
    if (node.type === 'VariableDeclarator' || node.type.startsWith('Function')) bind(node.id)
    if (/^(Function|Arrow)/.test(node.type)) for (const one of children(node, 'params')) bind(one)
    if (/^Import.*Specifier$/.test(node.type)) bind(node.local)
  })
  return names
}
