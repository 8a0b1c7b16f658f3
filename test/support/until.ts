/** Waits for what comes in its own time. */
import { setTimeout as delay } from 'node:timers/promises'

const lookEveryMs = 5

/** What `look` answers as soon as that is something; what it throws counts as nothing. */
export async function until<T>(
  look: () => Promise<T | undefined> | T | undefined,
  msMax = 20_000,
): Promise<T> {
  for (let left = msMax; left > 0; left -= lookEveryMs) {
    const found = await (async () => await look())().catch(() => undefined)
    if (found !== undefined) return found
    await delay(lookEveryMs)
  }
  throw new Error(`what was waited for did not come in ${msMax} ms: ${look.toString()}`)
}
