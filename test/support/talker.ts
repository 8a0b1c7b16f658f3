/** An actor that sends or emits as many texts of as many bytes as it is told to, to `talker/t-0`, `t-1`, … */
import { assign, emit, enqueueActions, setup } from 'xstate'
import { defineActor, ref } from '../../runtime/index.js'

type Order = { readonly times: number; readonly bytes: number }
type TalkerEvent = ({ type: 'SEND' } & Order) | ({ type: 'EMIT' } & Order) | { type: 'TEXT'; text: string }

const machine = setup({
  types: {
    context: {} as { said: number; heard: number },
    events: {} as TalkerEvent,
    emitted: {} as { type: 'SAID'; text: string },
  },
}).createMachine({
  id: 'talker',
  context: { said: 0, heard: 0 },
  on: {
    SEND: {
      actions: [
        assign({ said: ({ context }) => context.said + 1 }),
        enqueueActions(({ enqueue, event }) => {
          for (let to = 0; to < event.times; to++)
            enqueue.sendTo(ref<TalkerEvent>('talker', `t-${to}`), {
              type: 'TEXT',
              text: 'x'.repeat(event.bytes),
            })
        }),
      ],
    },
    EMIT: {
      actions: enqueueActions(({ enqueue, event }) => {
        for (let nth = 0; nth < event.times; nth++)
          enqueue(emit({ type: 'SAID', text: 'x'.repeat(event.bytes) }))
      }),
    },
    TEXT: { actions: assign({ heard: ({ context }) => context.heard + 1 }) },
  },
})

export const talker = defineActor({ machine, version: '1', create: () => undefined })
