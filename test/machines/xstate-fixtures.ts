/**
 * A machine that XState 5.33.3 brings into an illegal configuration on GO.
 */
export const unlawful = {
  initial: 'p',
  states: {
    p: {
      type: 'parallel',
      states: {
        a: { initial: 'x', states: { x: { on: { GO: '#past' } }, y: {} } },
        b: { initial: 'x', states: { x: {}, y: {} } },
        h: { id: 'past', type: 'history' },
      },
    },
  },
} as const
