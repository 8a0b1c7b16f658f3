/**
 * The same task for each item of an array: fan-out, and fan-in of all results, failures among them. Its
 * output is one settled result an item, in the order of the input.
 */
import { type EventObject, fromPromise, type PromiseActorLogic } from 'xstate'
import { SetupError } from '../actors/errors.js'
import { limits } from '../actors/limits.js'
import type { TaskSource } from '../actors/logic.js'
import { never } from './activity.js'
import { integer } from './activity-policy.js'
import { promiseSource } from './promise-source.js'
import { sourceTag, tagged } from './source-tag.js'

export interface EachOptions {
  /** How many items are worked on at once. */
  readonly concurrency?: number
}

/**
 * Promise logic that runs `logic` (an activity, an ask, plain promise logic) for every item of its input.
 * @throws SetupError `InvalidDefinition` for other logic or a bad concurrency.
 */
export function each<Output, Input, Live extends EventObject>(
  logic: PromiseActorLogic<Output, Input, Live>,
  options: EachOptions = {},
): PromiseActorLogic<PromiseSettledResult<Output>[], readonly Input[]> {
  const of = taskOf(logic)
  const concurrency = integer('concurrency', options.concurrency, limits.eachConcurrency, 1)
  const whole = fromPromise<PromiseSettledResult<Output>[], readonly Input[]>(({ input, signal, self }) => {
    const run = runnerOf(of, signal, `${self.sessionId}/${self.id}`)
    return settleAll(input, concurrency, run) as Promise<PromiseSettledResult<Output>[]>
  })
  return tagged(whole, { kind: 'each', of, concurrency })
}

function taskOf(logic: object): TaskSource {
  const source = sourceTag(logic) ?? promiseSource(logic)
  if (source?.kind === 'activity' || source?.kind === 'ask') return source
  throw new SetupError(
    'InvalidDefinition',
    `each expects an activity, an ask or promise logic, found ${source?.kind ?? 'other logic'}`,
  )
}

/** How plain `createActor` runs one item: once, without retries. */
function runnerOf(task: TaskSource, signal: AbortSignal, key: string) {
  return async (input: unknown, index: number): Promise<unknown> => {
    if (task.kind === 'ask')
      throw new Error(`asks('${task.actorType}', '${task.selector}') needs a Perdure runtime`)
    const idempotencyKey = `${key}/${index}`
    const nothing = () => {}
    const token = idempotencyKey
    const rest = { attempt: 1, heartbeat: nothing, emit: nothing, token, elsewhere: never }
    return task.run({ input, signal, idempotencyKey, ...rest })
  }
}

async function settleAll(
  items: readonly unknown[],
  concurrency: number,
  run: (input: unknown, index: number) => Promise<unknown>,
): Promise<PromiseSettledResult<unknown>[]> {
  const results: PromiseSettledResult<unknown>[] = []
  let next = 0
  const worker = async () => {
    for (let index = next++; index < items.length; index = next++) {
      const [result] = await Promise.allSettled([run(items[index], index)])
      results[index] = result
    }
  }
  await Promise.all(Array.from({ length: Math.min(concurrency, items.length) }, worker))
  return results
}
