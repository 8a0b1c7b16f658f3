/**
 * The parts of a definition that are neither machine nor store: name, version, older versions, policies.
 */
import { addressOf } from '../../actors/address.js'
import { behaviour, type Definition } from '../../actors/definition.js'
import { isMachine } from '../logic-kind.js'
import { Problems } from './problems.js'

interface Options {
  readonly machine?: unknown
  readonly store?: unknown
  readonly version?: unknown
  readonly previous?: unknown
  readonly create?: unknown
  readonly selectors?: unknown
  readonly schemas?: unknown
  readonly unhandled?: unknown
  readonly snapshotEvery?: unknown
  readonly retainMs?: unknown
  readonly executor?: unknown
}

const VERSION = /^[\x21-\x7e]{1,64}$/

/** @throws SetupError `InvalidDefinition` for what cannot be meant. */
export function checkOptions(type: string, options: Options): void {
  const problems = new Problems(`definition '${type}'`)
  checkType(type, problems)
  if ((options.machine === undefined) === (options.store === undefined))
    problems.add('', 'expected either a machine or a store')
  else if (options.machine !== undefined && !isMachine(options.machine))
    problems.add(
      'machine',
      `expected what createMachine gives, from the xstate that perdure uses, found ${shown(options.machine)}`,
    )
  if (options.version !== undefined && !isVersion(options.version))
    problems.add('version', `expected 1 to 64 visible ASCII characters, found ${shown(options.version)}`)
  checkPrevious(type, options, problems)
  if (options.create !== undefined && typeof options.create !== 'function')
    problems.add('create', `expected a function of the key, found ${shown(options.create)}`)
  checkFunctions('selectors', options.selectors, problems)
  checkSchemas(options.schemas, problems)
  checkChoice('unhandled', options.unhandled, ['ignore', 'refuse'], problems)
  checkChoice('executor', options.executor, ['compiled', 'reference'], problems)
  checkNumber('snapshotEvery', options.snapshotEvery, 1, problems)
  checkNumber('retainMs', options.retainMs, 0, problems)
  problems.assertNone()
}

function checkChoice(
  name: string,
  found: unknown,
  [one, other]: readonly [string, string],
  problems: Problems,
): void {
  if (found !== undefined && found !== one && found !== other)
    problems.add(name, `expected '${one}' or '${other}', found ${shown(found)}`)
}

function checkType(type: string, problems: Problems): void {
  if (type === '' || type === '(machine)')
    return problems.add('type', 'expected a name: give the machine an id, or the definition a type')
  try {
    addressOf(type, 'key')
  } catch (error) {
    problems.add('type', (error as Error).message)
  }
}

function checkPrevious(type: string, { previous, version }: Options, problems: Problems): void {
  if (previous === undefined) return
  if (!Array.isArray(previous))
    return problems.add('previous', `expected an array of definitions, found ${shown(previous)}`)
  if (version === undefined)
    problems.add('previous', 'expected a version beside it, to tell this one from older ones')
  const versions = new Set([version])
  for (const older of previous as readonly (Definition | undefined)[]) {
    const found = older?.[behaviour]
    if (found === undefined)
      problems.add('previous', `expected what defineActor returns, found ${shown(older)}`)
    else if (found.type !== type)
      problems.add('previous', `expected versions of '${type}', found '${found.type}'`)
    else if (versions.has(found.version))
      problems.add('previous', `version '${found.version}' is there twice`)
    versions.add(found?.version)
  }
}

function checkFunctions(name: string, found: unknown, problems: Problems): void {
  if (found === undefined) return
  for (const [key, value] of Object.entries(found ?? {}))
    if (typeof value !== 'function')
      problems.add(`${name}.${key}`, `expected a function, found ${shown(value)}`)
}

function checkSchemas(schemas: unknown, problems: Problems): void {
  if (schemas === undefined) return
  const { input, events } = schemas as { input?: unknown; events?: object }
  const all = [['input', input] as const, ...Object.entries(events ?? {})]
  for (const [name, schema] of all)
    if (schema !== undefined && typeof (schema as { '~standard'?: unknown })['~standard'] !== 'object')
      problems.add(`schemas '${name}'`, `expected a Standard Schema, found ${shown(schema)}`)
}

function checkNumber(name: string, found: unknown, min: number, problems: Problems): void {
  if (found !== undefined && (!Number.isSafeInteger(found) || (found as number) < min))
    problems.add(name, `expected an integer of at least ${min}, found ${shown(found)}`)
}

function isVersion(version: unknown): boolean {
  return typeof version === 'string' && VERSION.test(version)
}

function shown(value: unknown): string {
  return typeof value === 'string' ? `'${value}'` : String(value)
}
