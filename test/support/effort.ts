/**
 * How hard the tests try: `PERDURE_TEST_EFFORT=full` is all of it, as `npm test` has it; `short`, the default,
 * is the loop while working. It owns how often, never what: whatever a short run leaves out, a full one has.
 */

const efforts = ['short', 'full']
const effort = process.env.PERDURE_TEST_EFFORT || 'short'
if (!efforts.includes(effort))
  throw new Error(`PERDURE_TEST_EFFORT: expected one of ${efforts.join(', ')}, found '${effort}'`)

/** One run of a property in so many is in a short run. */
const SHARE = 10

export const isFull = effort === 'full'

/** How often: `full` times, or a share of it. */
export function runs(full: number): number {
  return isFull ? full : Math.ceil(full / SHARE)
}
