/**
 * The recovery bench: a process with very many orders in flight is killed (`kill -9`) with every charge out at
 * the gateway and every timer set; a new one begins on its journal. How soon, from its spawning on, a
 * command is answered (bound to hold: 1 s) and every charge that was owed has begun again (5 s); and how soon
 * commands are answered meanwhile.
 *
 * Two lines, of two gateways. `silent` answers nothing and has room for all: begun again means that each
 * attempt runs. `prompt` answers, under the limits everybody has: attempts take turns in the places there are,
 * and the orders go on to their next activities in between, so more is done by the time the last has begun.
 */
import { join } from 'node:path'
import type { Bench, Figure } from './bench.js'
import { lineOfKilled } from './spawn-killed.js'

const ORDERS = 100_000
const FIRST_ANSWER_MS_MAX = 1_000
const REDISPATCHED_MS_MAX = 5_000

export const recoveryBench: Bench = {
  name: 'recovery',
  question: 'how soon orders in flight are in flight again after their process was killed',
  async *run({ orders = ORDERS, directory, progress }) {
    const path = join(directory, 'recovery')
    progress(`recovery: ${orders} orders with a charge in flight`)
    const built = await lineOfKilled('recovery-program.js', ['build', path, String(orders)])
    for (const gateway of ['silent', 'prompt']) {
      progress(`recovery: killed; beginning again with a gateway that is ${gateway}`)
      const since = String(Date.now())
      const line = await lineOfKilled('recovery-program.js', [gateway, path, String(orders), since])
      yield {
        bench: 'recovery',
        orders,
        ...built,
        ...line,
        holdsFirstAnswer: atMost(line.firstAnswerMs, FIRST_ANSWER_MS_MAX),
        holdsRedispatched: atMost(line.redispatchedMs, REDISPATCHED_MS_MAX),
      }
    }
  },
}

function atMost(figure: Figure | undefined, max: number): boolean {
  return typeof figure === 'number' && figure <= max
}
