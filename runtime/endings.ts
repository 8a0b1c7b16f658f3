/**
 * The two ways in which a shard host ends in order: what runs is waited for, or goes on without it. Both step all that
 * was accepted before.
 */
import type { Clock } from '../actors/clock.js'
import type { Command, Whereabouts } from '../actors/command.js'
import { type ActivityRunner, goneFrom } from './dispatch/activity-runner.js'
import { within } from './within.js'

interface EndingHost {
  readonly runner: ActivityRunner
  readonly isIdle: boolean
  readonly isOver: boolean
  whenIdle(): Promise<void>
  submit(command: Command): void
}

/** Lets attempts end for up to that long, and commits what came of them. Nothing runs when it resolves. */
export async function runOut(host: EndingHost, clock: Clock, withinMs: number): Promise<void> {
  const began = clock.elapsed()
  await within(clock, withinMs, async () => {
    // What was accepted may have begun something.
    for (await host.runner.drain(); !host.isIdle && !host.isOver; await host.runner.drain())
      await host.whenIdle()
  })
  host.runner.abort('the runtime stops')
  await within(clock, Math.max(0, withinMs - (clock.elapsed() - began)), () => host.whenIdle())
}

/**
 * Commits of what runs that it goes on there, which is here. Answers whether it did in time; else nothing runs when it
 * resolves. What it committed then, or is still to land, says of attempts that they go on: whoever has the shard next is
 * told that they do not.
 */
export async function letGoOn(
  host: EndingHost,
  clock: Clock,
  withinMs: number,
  at: Whereabouts,
): Promise<boolean> {
  host.runner.close()
  let leaving: readonly Command[] = []
  const isInTime = await within(clock, withinMs, async () => {
    await host.whenIdle()
    leaving = host.runner.leaving(at)
    for (const order of leaving) host.submit(order)
    await host.whenIdle()
  })
  if (isInTime && !host.isOver) return true
  host.runner.abort('the shard goes to another member')
  for (const { target } of leaving) host.submit(goneFrom(target, at))
  return false
}
