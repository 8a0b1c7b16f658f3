/**
 * Errors for programs: with `--json`, what a command finds wrong is one line of JSON on standard error, the body
 * that HTTP would answer with. What no runtime says has a code of its own: `Usage`, `Interrupted`, that of the
 * file system (`ENOENT`), `Fault`.
 */
import { CommanderError } from 'commander'
import { toErrorValue, toReplyJson } from '../../actors/codec.js'
import { asTold, errorBody } from '../../actors/told-error.js'
import { InterruptedError } from './interrupted-error.js'

export function wantsJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--')
  return argv.slice(0, end === -1 ? undefined : end).includes('--json')
}

export function errorJson(error: unknown): string {
  const told = asTold(error)
  if (told !== undefined) return toReplyJson(errorBody(told))
  const { message, code } = toErrorValue(error)
  const said = { code: codeOf(error, code), message: message.replace(/^error: /, ''), retryable: false }
  return toReplyJson({ ok: false, error: said })
}

function codeOf(error: unknown, code: string | undefined): string {
  if (error instanceof CommanderError) return 'Usage'
  if (error instanceof InterruptedError) return 'Interrupted'
  return code ?? 'Fault'
}
