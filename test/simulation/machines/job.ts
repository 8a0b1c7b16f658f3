/**
 * Work in the outside world of every kind: for each item of a list, once and never twice, with few attempts,
 * in a child, begun again under the same name, and given up half way.
 */
import { assign, setup } from 'xstate'
import { activity, defineActor, each } from '../../../runtime/index.js'
import type { World } from '../world.js'

export interface JobInput {
  id: string
  items: number[]
}

export interface Receipt {
  key: string
  receipt: string
}

export interface JobContext extends JobInput {
  /** What came of the items, for each time they were begun. */
  receipts: Receipt[]
  failures: number
  page: string
  redone: number
}

export type JobEvent = { type: 'REDO' } | { type: 'CANCEL' }

export interface ChargeInput {
  job: string
  what: string
  amount: number
}

function parts(world: World) {
  const charge = (attempts: number) =>
    activity<Receipt, ChargeInput>(
      call => {
        call.heartbeat(call.idempotencyKey)
        return world.charge(call)
      },
      {
        retry: { attempts, initialMs: 10, maxMs: 1_000, nonRetryable: ['Declined'] },
        attemptMs: 2_000,
        heartbeatMs: 1_900,
      },
    )
  return setup({
    types: {
      input: {} as JobInput,
      context: {} as JobContext,
      events: {} as JobEvent,
      emitted: {} as { type: 'ENDED'; receipts: number },
    },
    actors: {
      chargeEach: each(charge(1_000), { concurrency: 2 }),
      fragile: charge(2),
      print: activity<string, string>(call => world.print(call), {
        once: true,
        attemptMs: 2_000,
      }),
      errand: errandMachine(charge(1_000)),
    },
    actions: {
      redo: assign({ redone: ({ context }) => context.redone + 1 }),
      fail: assign({ failures: ({ context }) => context.failures + 1 }),
    },
  })
}

export function jobDefinition(world: World, snapshotEvery: number) {
  const machine = parts(world).createMachine({
    id: 'job',
    context: ({ input }) => ({ ...input, receipts: [], failures: 0, page: '', redone: 0 }),
    initial: 'fan',
    on: { CANCEL: '.cancelled' },
    states: {
      fan: {
        invoke: {
          id: 'work',
          src: 'chargeEach',
          input: ({ context: c }) =>
            c.items.map((amount, at) => ({ job: c.id, what: `item ${at} of ${c.redone}`, amount })),
          onDone: {
            target: 'alone',
            actions: assign(({ context, event }) => collected(context, event.output)),
          },
        },
        on: {
          REDO: { target: 'fan', reenter: true, actions: 'redo' },
        },
      },
      alone: {
        invoke: {
          id: 'work',
          src: 'fragile',
          input: ({ context: c }) => ({ job: c.id, what: `alone ${c.redone}`, amount: 1 }),
          onDone: {
            target: 'printing',
            actions: assign({ receipts: ({ context, event }) => [...context.receipts, event.output] }),
          },
          onError: { target: 'printing', actions: 'fail' },
        },
        on: {
          REDO: { target: 'alone', reenter: true, actions: 'redo' },
        },
      },
      printing: {
        invoke: {
          src: 'print',
          input: ({ context }) => context.id,
          onDone: { target: 'errand', actions: assign({ page: ({ event }) => event.output }) },
          onError: {
            target: 'errand',
            actions: assign({ page: ({ event }) => String((event.error as { code?: string }).code) }),
          },
        },
      },
      errand: {
        invoke: {
          id: 'errand',
          src: 'errand',
          input: ({ context }) => ({ job: context.id }),
          onDone: {
            target: 'finished',
            actions: assign({
              receipts: ({ context, event }) => [...context.receipts, ...event.output.receipts],
            }),
          },
        },
        on: { REDO: { target: 'errand', reenter: true } },
      },
      finished: { type: 'final' },
      cancelled: { type: 'final' },
    },
  })
  return defineActor({ machine, version: '1', snapshotEvery })
}

function collected({ receipts, failures }: JobContext, results: PromiseSettledResult<Receipt>[]) {
  const came = results.flatMap(one => (one.status === 'fulfilled' ? [one.value] : []))
  return { receipts: [...receipts, ...came], failures: failures + results.length - came.length }
}

function errandMachine(charge: ReturnType<typeof activity<Receipt, ChargeInput>>) {
  return setup({
    types: {
      input: {} as { job: string },
      context: {} as { job: string; receipts: Receipt[] },
      output: {} as { receipts: Receipt[] },
    },
    actors: { charge },
    delays: { walk: 100 },
  }).createMachine({
    id: 'errand',
    context: ({ input }) => ({ job: input.job, receipts: [] }),
    initial: 'walking',
    states: {
      walking: { after: { walk: 'buying' } },
      buying: {
        invoke: {
          src: 'charge',
          input: ({ context }) => ({ job: context.job, what: 'errand', amount: 1 }),
          onDone: { target: 'home', actions: assign({ receipts: ({ event }) => [event.output] }) },
          onError: 'home',
        },
      },
      home: { type: 'final' },
    },
    output: ({ context }) => ({ receipts: context.receipts }),
  })
}
