/**
 * Actors whose every step can be found again: a till counts, tells a tally elsewhere of it, emits it, and pays. A
 * payment is made at a gateway that makes it once per idempotency key; a receipt is printed `once`, on a printer that
 * prints whatever it is told. Both are files, so that the members of a cluster share them.
 */
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { assign, emit, sendTo, setup } from 'xstate'
import { activity, defineActor, ref } from '../../../runtime/index.js'

/** How long either work takes. */
const WORK_MS = 250

/** One run of work, as its outside saw it. */
export interface Run {
  readonly work: 'pay' | 'print'
  readonly key: string
  readonly attempt: number
  readonly member: string
  /** `again`: the gateway had made that payment before. */
  readonly what: 'begun' | 'again' | 'ended'
}

/** @param member who works; both are missing where only the types matter. */
function works(directory = '', member = '') {
  const note = (run: Omit<Run, 'member'>) =>
    appendFileSync(join(directory, 'runs.ndjson'), `${JSON.stringify({ ...run, member })}\n`)
  const pay = activity<string>(
    async ({ idempotencyKey: key, attempt }) => {
      note({ work: 'pay', key, attempt, what: isNew(directory, key) ? 'begun' : 'again' })
      await delay(WORK_MS)
      note({ work: 'pay', key, attempt, what: 'ended' })
      return key
    },
    { retry: { attempts: 20, initialMs: 50 } },
  )
  const print = activity<string>(
    async ({ idempotencyKey: key, attempt }) => {
      note({ work: 'print', key, attempt, what: 'begun' })
      await delay(WORK_MS)
      note({ work: 'print', key, attempt, what: 'ended' })
      return key
    },
    { once: true },
  )
  return { pay, print }
}

/** Nobody else makes the file. */
function isNew(directory: string, key: string): boolean {
  try {
    mkdirSync(join(directory, 'payments'), { recursive: true })
    writeFileSync(join(directory, 'payments', encodeURIComponent(key)), '', { flag: 'wx' })
    return true
  } catch {
    return false
  }
}

export function runsIn(directory: string): Run[] {
  try {
    const lines = readFileSync(join(directory, 'runs.ndjson'), 'utf8').split('\n')
    return lines.filter(line => line !== '').map(line => JSON.parse(line) as Run)
  } catch {
    return []
  }
}

export const tally = defineActor({
  machine: setup({
    types: { context: {} as { heard: number }, events: {} as { type: 'HEARD' } },
  }).createMachine({
    id: 'tally',
    context: { heard: 0 },
    on: { HEARD: { actions: assign({ heard: ({ context }) => context.heard + 1 }) } },
  }),
  version: '1',
  create: () => undefined,
})

export function tillOf(directory?: string, member?: string) {
  const { pay, print } = works(directory, member)
  const machine = setup({
    types: {
      context: {} as { added: number; paid: number; printed: number; unknown: number },
      events: {} as { type: 'ADD'; tally: string } | { type: 'PAY' },
      emitted: {} as { type: 'ADDED'; added: number },
    },
    actors: { pay, print },
  }).createMachine({
    id: 'till',
    context: { added: 0, paid: 0, printed: 0, unknown: 0 },
    on: {
      ADD: {
        actions: [
          assign({ added: ({ context }) => context.added + 1 }),
          emit(({ context }) => ({ type: 'ADDED', added: context.added })),
          sendTo(({ event }) => ref<{ type: 'HEARD' }>('tally', event.tally), { type: 'HEARD' }),
        ],
      },
    },
    initial: 'idle',
    states: {
      idle: { on: { PAY: 'paying' } },
      paying: {
        invoke: {
          src: 'pay',
          onDone: { target: 'printing', actions: assign({ paid: ({ context }) => context.paid + 1 }) },
        },
      },
      printing: {
        invoke: {
          src: 'print',
          onDone: { target: 'idle', actions: assign({ printed: ({ context }) => context.printed + 1 }) },
          onError: { target: 'idle', actions: assign({ unknown: ({ context }) => context.unknown + 1 }) },
        },
      },
    },
  })
  return defineActor({ machine, version: '1', create: () => undefined })
}
