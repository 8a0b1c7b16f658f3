/** An actor that does two works at a time, each until a test says that it is done. */
import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { assign, setup } from 'xstate'
import { activity, defineActor } from '../../runtime/index.js'

/** A work begun. */
export interface PressRun {
  readonly member: string
  readonly key: string
  readonly work: 'once' | 'plain'
}

const lookEveryMs = 20

function workOf(work: PressRun['work'], directory: string, member: string) {
  return activity(
    async ({ input, signal }: { input: { key: string }; signal: AbortSignal }) => {
      const run: PressRun = { member, key: input.key, work }
      appendFileSync(join(directory, 'runs'), `${JSON.stringify(run)}\n`)
      while (!existsSync(join(directory, 'done'))) await delay(lookEveryMs, undefined, { signal })
      return member
    },
    { once: work === 'once' },
  )
}

/** @param directory where runs are noted, and a file `done` says that works end. */
export function pressOf(directory: string, member: string) {
  const machine = setup({
    types: {
      input: {} as { key: string },
      context: {} as { key: string; once?: string; plain?: string },
    },
    actors: { once: workOf('once', directory, member), plain: workOf('plain', directory, member) },
  }).createMachine({
    id: 'press',
    context: ({ input }) => ({ key: input.key }),
    type: 'parallel',
    states: {
      once: {
        initial: 'works',
        states: {
          works: {
            invoke: {
              src: 'once',
              input: ({ context }) => ({ key: context.key }),
              onDone: { target: 'over', actions: assign({ once: ({ event }) => event.output }) },
              onError: {
                target: 'over',
                actions: assign({ once: ({ event }) => (event.error as { code: string }).code }),
              },
            },
          },
          over: { type: 'final' },
        },
      },
      plain: {
        initial: 'works',
        states: {
          works: {
            invoke: {
              src: 'plain',
              input: ({ context }) => ({ key: context.key }),
              onDone: { target: 'over', actions: assign({ plain: ({ event }) => event.output }) },
            },
          },
          over: { type: 'final' },
        },
      },
    },
  })
  return defineActor({ machine, version: '1' })
}

export function runsIn(directory: string): PressRun[] {
  const path = join(directory, 'runs')
  if (!existsSync(path)) return []
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line) as PressRun)
}
