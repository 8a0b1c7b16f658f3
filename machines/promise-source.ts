/**
 * A plain `fromPromise` logic as an activity with the default policy: its function is called by the runtime,
 * outside XState, with what XState would give it.
 */
import type { ActivitySource } from '../actors/logic.js'
import { activityPolicy } from './activity-policy.js'
import { kindOf } from './logic-kind.js'

/** XState's promise creator, as far as it can be called here. */
type Creator = (call: Record<string, unknown>) => PromiseLike<unknown> | unknown

/** The activity that promise logic stands for; undefined when the logic is of another kind. */
export function promiseSource(logic: object): ActivitySource | undefined {
  if (kindOf(logic) !== 'promise') return undefined
  const creator = (logic as { config: Creator }).config
  return {
    kind: 'activity',
    policy: activityPolicy(),
    run: async ({ input, signal, emit }) => creator({ input, signal, emit, self: absent, system: absent }),
  }
}

/** In place of `self` and `system`: there is no actor around an activity, and saying so beats a wrong answer. */
const absent = new Proxy(
  {},
  {
    get(_, property) {
      throw new Error(
        `an activity has no 'self' or 'system' ('${String(property)}' was read): return a result, or emit`,
      )
    },
  },
)
