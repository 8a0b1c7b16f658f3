/**
 * Entries as people read them with the `sqlite3` shell: what the view `history` is made of. As a rule they go from their
 * bytes straight to text; what is not plain in them is made a value first.
 */
import { toJson } from '../../../actors/codec.js'
import type { Command } from '../../../actors/command.js'
import type { JournalEntry } from '../../../actors/commit.js'
import { shownEvent } from '../../../actors/shown-event.js'
import { commandFields, entryFields, TARGET_AT, tokenFields } from '../../segment/fields.js'
import { unpackEntry } from '../../segment/rows.js'
import { JsonWriter } from './json-writer.js'

const COMMAND_AT = entryFields.indexOf('command')
const OUTCOME_AT = entryFields.indexOf('outcome')
const ERROR_AT = entryFields.indexOf('error')
const BODY_AT = TARGET_AT + 1
const TOKEN = { id: tokenFields.indexOf('id'), attempt: tokenFields.indexOf('attempt') }

/** `[seq, position, at, kind, outcome, event, value, error]` of each entry, in a list. */
export class HistoryJson {
  readonly #to = new JsonWriter()

  /** A page of entries in stored form, at least one; a view, good until the next. */
  page(entries: Iterable<Buffer>): Buffer {
    this.#to.truncate(0)
    let before = '['
    for (const bytes of entries) {
      this.#to.literal(before)
      const start = this.#to.length
      if (!this.#plain(bytes)) {
        this.#to.truncate(start)
        this.#to.json(entryJson(unpackEntry(bytes)))
      }
      before = ',\n'
    }
    this.#to.literal(']')
    return this.#to.written
  }

  /** Answers false when it is not plain, or in an older or a rarer form. */
  #plain(bytes: Buffer): boolean {
    const to = this.#to
    to.read(bytes)
    const length = to.list()
    if (length <= OUTCOME_AT || !to.skip(1)) return false
    to.literal('[')
    // Number in the actor, position, time.
    for (let field = 1; field < COMMAND_AT; field++) {
      if (!to.value()) return false
      to.literal(',')
    }
    const commandAt = to.place
    if (!to.skip(1)) return false
    const outcomeAt = to.place
    to.goTo(commandAt)
    const commandLength = to.list()
    const initial = to.initial
    if (commandLength <= BODY_AT || !to.value()) return false
    to.literal(',')
    const bodyAt = to.place
    to.goTo(outcomeAt)
    if (!to.value()) return false
    const valueAt = to.place
    to.literal(',')
    to.goTo(bodyAt)
    // The rest of the command's head: its id and its target.
    if (!to.skip(TARGET_AT) || !this.#event(initial)) return false
    to.goTo(valueAt)
    return (
      this.#fieldOrNull(length > OUTCOME_AT + 1) && this.#fieldOrNull(length > ERROR_AT) && this.#put(']')
    )
  }
  /** The command as an event: what `shownEvent` answers. Its body is next. */
  #event(initial: number): boolean {
    const to = this.#to
    switch (initial) {
      case KINDS.message:
        return to.value()
      case KINDS.start:
        to.literal('{"type":"$start","input":')
        return to.value() && this.#put('}')
      case KINDS.timer:
        to.literal('{"type":"$timer","timer":')
        return to.value() && this.#put('}')
      case KINDS.result:
        return this.#result()
      default:
        return false
    }
  }

  #result(): boolean {
    const to = this.#to
    const length = to.list()
    if (length <= TOKEN.attempt || !to.skip(TOKEN.id)) return false
    to.literal('{"type":"$result","id":')
    if (!to.value() || !to.skip(TOKEN.attempt - TOKEN.id - 1)) return false
    to.literal(',"attempt":')
    if (!to.value() || !to.skip(length - TOKEN.attempt - 1)) return false
    // What was done is its output alone.
    if (to.list() !== 1) return false
    to.literal(',"status":"done","output":')
    return to.value() && this.#put('}')
  }

  #fieldOrNull(isThere: boolean): boolean {
    const to = this.#to
    to.literal(',')
    if (isThere && !to.isUndefined) return to.value()
    return (!isThere || to.skip(1)) && this.#put('null')
  }

  #put(text: string): boolean {
    this.#to.literal(text)
    return true
  }
}

/** The kinds by which their texts begin. */
const KINDS = Object.fromEntries(
  Object.keys(commandFields).map(kind => [kind, kind.charCodeAt(0)]),
) as Record<Command['kind'], number>

function entryJson(entry: JournalEntry): string {
  const { seq, position, at, command, outcome, value, error } = entry
  const shownValue = value === undefined ? 'null' : toJson(value)
  const shownError = error === undefined ? 'null' : toJson(error)
  return `[${seq},${position},${at},"${command.kind}","${outcome}",${toJson(shownEvent(command))},${shownValue},${shownError}]`
}
