/**
 * All by which anything leaves a host, made of what the host is given: the dispatcher, who runs attempts, and who goes
 * through all that owe some.
 */
import type { Address } from '../../actors/address.js'
import type { Command } from '../../actors/command.js'
import type { CommandSources } from '../inbox/command-sources.js'
import type { Losses } from '../recovery/losses.js'
import { OwingWalk } from '../recovery/owing-walk.js'
import type { ShardHostOptions } from '../shard-host-options.js'
import { ActivityRunner, type RunnerSite } from './activity-runner.js'
import { Dispatcher } from './dispatcher.js'

interface WayOut {
  readonly runner: ActivityRunner
  readonly dispatcher: Dispatcher
  readonly walk: OwingWalk
}

export function wayOut(
  options: ShardHostOptions,
  losses: Losses,
  sources: Pick<CommandSources, 'insideSize'>,
  host: Pick<RunnerSite, 'submit' | 'read'>,
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
  const submit = (command: Command) => host.submit(command)
  const read = (address: Address) => host.read(address)
  const warn = (facts: object, message: string) => logger.warn(facts, message)
  const runner = new ActivityRunner({
    submit,
    read,
    counted: committed => losses.counted(committed),
    clock,
    limits,
    hasDeadlines: time !== 'event',
    live: (address, event) => followers.tellLive(address, event),
    mayBegin: () => isOurs?.() !== false,
    // Nobody else runs anything for a shard that is not shared.
    isGone: at => isGone?.(at) !== false,
    lose: onGone ?? submit,
    ...(onAttempt === undefined ? {} : { began: onAttempt }),
    ...(observer === undefined ? {} : { observer }),
  })
  const dispatcher = new Dispatcher({ journal, bindings, limits, followers, runner, warn })
  const walk = new OwingWalk(losses, {
    journal,
    bindings,
    limits,
    countsWaiting: time === 'event',
    // What ends before its result can be stepped must not pile up either.
    hasRoom: () => runner.hasRoom && sources.insideSize < limits.dispatchQueueMax,
    takeOverflow: () => runner.takeOverflow(),
    wantsMore: () => runner.wantsMore,
    run: counted => runner.run(counted, clock.now()),
    submit,
    read,
    warn,
  })
  return { runner, dispatcher, walk }
}
