/** The two by which anything leaves a host, made of what the host is given: the dispatcher, and who runs attempts. */
import type { ShardHostOptions } from '../shard-host-options.js'
import { ActivityRunner, type RunnerSite } from './activity-runner.js'
import { Dispatcher } from './dispatcher.js'

interface WayOut {
  readonly runner: ActivityRunner
  readonly dispatcher: Dispatcher
}

export function wayOut(
  options: ShardHostOptions,
  host: Pick<RunnerSite, 'submit' | 'read' | 'isLost'>,
): WayOut {
  const {
    journal,
    bindings,
    limits,
    clock,
    followers,
    logger,
    time,
    isOurs,
    isGone,
    onGone,
    onAttempt,
    observer,
  } = options
  const runner = new ActivityRunner({
    ...host,
    clock,
    limits,
    hasDeadlines: time !== 'event',
    live: (address, event) => followers.tellLive(address, event),
    mayBegin: () => isOurs?.() !== false,
    // Nobody else runs anything for a shard that is not shared.
    isGone: at => isGone?.(at) !== false,
    lose: onGone ?? host.submit,
    ...(onAttempt === undefined ? {} : { began: onAttempt }),
    ...(observer === undefined ? {} : { observer }),
  })
  const dispatcher = new Dispatcher({
    journal,
    bindings,
    limits,
    followers,
    runner,
    warn: (facts, message) => logger.warn(facts, message),
  })
  return { runner, dispatcher }
}
