/**
 * What a command prints: lines and tables for people, JSON for programs. All of standard output passes here.
 *
 * JSON is that of the HTTP door: what JSON lacks is tagged, `{"$date":"…"}` (actors/codec.ts).
 */
import Table from 'cli-table3'
import { toReplyJson } from '../../actors/codec.js'
import type { ActorView, AskReply } from '../api/api.js'

export function printLine(text: string): void {
  process.stdout.write(`${text}\n`)
}

/** One JSON document, or one line of many. What is undefined is left out. */
export function printJson(value: object): void {
  printLine(toReplyJson(value))
}

/** An actor's state: the bytes that only a client with the definition can read are no part of it. */
export function printView(view: ActorView): void {
  printJson(readable(view))
}

/** The same of an answer that shows one. */
export function printAnswer(answer: AskReply): void {
  printJson({ ...answer, snapshot: readable(answer.snapshot) })
}

function readable({ state: _, ...view }: ActorView): object {
  return view
}

/** Rows under a heading, without lines around them, so that `grep` and `awk` read them too. */
export function tableOf(
  head: readonly string[],
  rows: readonly (readonly unknown[])[],
  right: readonly number[] = [],
): string {
  const table = new Table({
    head: head.map(word => word.toUpperCase()),
    colAligns: head.map((_, index) => (right.includes(index) ? 'right' : 'left')),
    chars: bare,
    style: { 'padding-left': 0, 'padding-right': 2, head: isColoured() ? ['bold'] : [], border: [] },
  })
  table.push(...rows.map(row => row.map(cell)))
  return trimmedRight(table.toString())
}

/** Names on the left, values on the right. */
export function factsOf(facts: readonly (readonly [string, unknown])[]): string {
  const table = new Table({
    chars: bare,
    style: { 'padding-left': 0, 'padding-right': 2, head: [], border: [] },
  })
  table.push(...facts.filter(([, value]) => value !== undefined).map(([name, value]) => [name, cell(value)]))
  return trimmedRight(table.toString())
}

function isColoured(): boolean {
  return process.stdout.isTTY === true && process.stdout.hasColors()
}

const bare = Object.fromEntries(
  [
    ...['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right'],
    ...['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid', 'middle'],
  ].map(name => [name, '']),
)

function cell(value: unknown): string {
  if (value === undefined || value === null) return ''
  if (typeof value === 'number') return value.toLocaleString('en')
  return String(value)
}

function trimmedRight(text: string): string {
  return text
    .split('\n')
    .map(line => line.trimEnd())
    .join('\n')
}
