/**
 * The definitions that a module of the user's exports: JavaScript, or TypeScript through tsx.
 *
 * One copy of everything: the module resolves 'xstate' and 'perdure' as Node does from where it stands. A
 * definition is known by its mark, not by its class, so it may come from another copy of Perdure.
 */
import { existsSync } from 'node:fs'
import { extname, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { toErrorValue } from '../../actors/codec.js'
import { behaviour, type Definition } from '../../actors/definition.js'
import { SetupError } from '../../actors/errors.js'

const TYPESCRIPT = ['.ts', '.mts', '.cts', '.tsx']
const JAVASCRIPT = ['.js', '.mjs', '.cjs']

/** Whether an argument names a module, and not an actor or a type. */
export function isModulePath(text: string): boolean {
  return [...TYPESCRIPT, ...JAVASCRIPT].includes(extname(text)) || /^(\.{1,2})?\//.test(text)
}

/**
 * All that a module exports of what `defineActor` returned, but for older versions that another lists as `previous`.
 * @throws SetupError `InvalidDefinition` when it cannot be loaded or exports none.
 */
export async function definitionsOf(module: string): Promise<readonly Definition[]> {
  const found = new Set(exportedValues(await load(module)).filter(isDefinition))
  if (found.size === 0)
    throw new SetupError('InvalidDefinition', `${module} exports nothing that defineActor returned`, {
      module,
    })
  const older = new Set([...found].flatMap(one => one[behaviour].previous))
  return [...found].filter(one => !older.has(one[behaviour]))
}

async function load(module: string): Promise<Record<string, unknown>> {
  const path = resolve(module)
  if (!existsSync(path))
    throw new SetupError('InvalidDefinition', `${module} cannot be loaded: there is no file ${path}`, {
      module,
    })
  try {
    if (TYPESCRIPT.includes(extname(path))) await readTypeScript()
    return await import(pathToFileURL(path).href)
  } catch (error) {
    const because = toErrorValue(error).message
    throw new SetupError('InvalidDefinition', `${module} cannot be loaded: ${because}`, { module }, error)
  }
}

/** From here on, of both module systems: whether a file is one or the other is its package's business. */
async function readTypeScript(): Promise<void> {
  const [commonJs, modules] = await Promise.all([import('tsx/cjs/api'), import('tsx/esm/api')])
  commonJs.register()
  modules.register()
}

/** Of a CommonJS module, what it exports may stand under `default` alone. */
function exportedValues(exported: Record<string, unknown>): unknown[] {
  const { default: whole } = exported
  const inside =
    typeof whole === 'object' && whole !== null && !isDefinition(whole) ? Object.values(whole) : []
  return [...Object.values(exported), ...inside]
}

function isDefinition(value: unknown): value is Definition {
  return typeof value === 'object' && value !== null && behaviour in value
}
