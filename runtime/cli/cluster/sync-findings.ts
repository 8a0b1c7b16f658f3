/**
 * Whether the servers write to the disk before they acknowledge. They tell nobody who is a mere client: it stands on the
 * monitoring port of each, where that is reachable.
 */
import { toErrorValue } from '../../../actors/codec.js'
import type { Finding } from './check-up.js'

/** How long a server may take for a page of its own. */
const monitorMsMax = 3_000
const ADVICE = "set 'sync_interval: always' in jetstream { } of every server"

interface Varz {
  readonly server_name?: string
  readonly jetstream?: {
    readonly config?: { readonly sync_interval?: number; readonly sync_always?: boolean }
  }
}

/** @param urls of the monitoring ports of the servers, as far as they are known. */
export async function syncFindings(urls: readonly string[]): Promise<readonly Finding[]> {
  if (urls.length > 0) return Promise.all(urls.map(syncFinding))
  return [
    {
      about: 'writes to the disk',
      verdict: 'note',
      found:
        'servers tell clients nothing of their sync_interval (see --monitor); unless set, they acknowledge before the disk has it',
      advice: ADVICE,
    },
  ]
}

async function syncFinding(url: string): Promise<Finding> {
  try {
    const signal = AbortSignal.timeout(monitorMsMax)
    const varz = (await (await fetch(new URL('/varz', url), { signal })).json()) as Varz
    const about = `writes to the disk of ${varz.server_name ?? url}`
    const { sync_always: always, sync_interval: intervalNs } = varz.jetstream?.config ?? {}
    if (always === true) return { about, verdict: 'good', found: 'before it acknowledges' }
    if (intervalNs === undefined) return { about, verdict: 'note', found: 'its monitoring port does not say' }
    return {
      about,
      verdict: 'poor',
      found: `every ${intervalNs / 1e9} s: acknowledged before`,
      advice: ADVICE,
    }
  } catch (error) {
    return {
      about: `writes to the disk of ${url}`,
      verdict: 'note',
      found: `its monitoring port cannot be read: ${toErrorValue(error).message}`,
    }
  }
}
