/** An actor's state for people. */
import { toReplyJson } from '../../actors/codec.js'
import type { ActorView, QuarantineView } from '../api/api.js'
import { factsOf } from './output.js'
import { shownState, shownTime } from './shown.js'

export function viewText({
  id,
  value,
  context,
  status,
  output,
  error,
  tags,
  seq,
  version,
  at,
  quarantine,
}: ActorView): string {
  return factsOf([
    ['actor', id],
    ['state', shownState(value)],
    ['status', status],
    ['quarantine', quarantine && quarantineText(quarantine)],
    ['tags', tags.length === 0 ? undefined : tags.join(' ')],
    ['version', version],
    ['entry', `${seq}, at ${shownTime(at)}`],
    ['context', pretty(context)],
    ['output', pretty(output)],
    ['error', pretty(error)],
  ])
}

function quarantineText({ reason, since, held }: QuarantineView): string {
  return `${reason}, since ${shownTime(since)}; ${held} commands are kept for its release`
}

function pretty(value: unknown): string | undefined {
  return value === undefined ? undefined : JSON.stringify(JSON.parse(toReplyJson(value)), null, 2)
}
