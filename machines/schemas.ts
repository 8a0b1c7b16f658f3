/**
 * Standard Schemas at the door: what is wrong with an input or an event. They only check; a value a schema
 * would transform is taken as it came.
 */
import type { StandardSchemaV1 } from '@standard-schema/spec'

/** What is wrong, in words; undefined when nothing is. */
export type Verdict = Promise<string | undefined> | string | undefined

export function checkAgainst(schema: StandardSchemaV1 | undefined, value: unknown): Verdict {
  if (schema === undefined) return undefined
  const result = schema['~standard'].validate(value)
  return result instanceof Promise ? result.then(verdictOf) : verdictOf(result)
}

function verdictOf({ issues }: StandardSchemaV1.Result<unknown>): string | undefined {
  if (issues === undefined) return undefined
  return issues.map(issue => `${pathOf(issue.path)}${issue.message}`).join('; ')
}

function pathOf(path: StandardSchemaV1.Issue['path']): string {
  if (path === undefined || path.length === 0) return ''
  const keys = path.map(part => String(typeof part === 'object' ? part.key : part))
  return `${keys.join('.')}: `
}
