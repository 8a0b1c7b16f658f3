/**
 * What a step wants done, as data. A step never does it: the engine carries effects out once the commit
 * that holds them is durable. The engine applies a step's effects in order, and everything sent to one
 * actor arrives in that order; a logic therefore lists the birth of a child before what is sent to it.
 */
import type { Address } from './address.js'
import type { ActorEvent } from './command.js'

export type Effect =
  /** Start an activity, an ask or an `each` under `id`; `src` names it in the logic's sources. */
  | { readonly type: 'invoke'; readonly id: string; readonly src: string; readonly input: unknown }
  /** Give birth to the child `id`. */
  | {
      readonly type: 'spawn'
      readonly id: string
      readonly src: string
      readonly input: unknown
      readonly syncSnapshot: boolean
    }
  /** End what runs under `id`: cancel the activity, stop the child. Nothing there: no effect. */
  | { readonly type: 'stop'; readonly id: string }
  /** Give `event` to `to` (itself when absent) `delayMs` from the command's `at`. The same `id` again adds a second timer. */
  | {
      readonly type: 'timer'
      readonly id: string
      readonly delayMs: number
      readonly event: ActorEvent
      readonly to?: Address
    }
  /** Drop the newest timer set under `id`. */
  | { readonly type: 'cancel'; readonly id: string }
  | { readonly type: 'send'; readonly to: Address; readonly event: ActorEvent }
  /** An event for whoever listens: `emit`. */
  | { readonly type: 'publish'; readonly event: ActorEvent }
  /** A custom action: run once after the commit, at best; never on a replay. */
  | { readonly type: 'act'; readonly name: string; readonly run: () => void }
  | { readonly type: 'log'; readonly label?: string; readonly value: unknown }
