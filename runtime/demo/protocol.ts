/**
 * What supervisor and runtime process say to each other. Both sides send lists, so that a busy pair says
 * much in few messages.
 */
import type { CircuitName } from './gateway/circuit-breaker.js'
import type { OrderCommand } from './order-record.js'

/** Commands in flight at most: enough to fill batches, and little enough to be resent at once. */
export const inFlightMax = 128

export type ToRuntime =
  | { readonly type: 'commands'; readonly commands: readonly OrderCommand[] }
  /** Commands acknowledged to be applied before a crash: say when they are settled. */
  | { readonly type: 'settle'; readonly commands: readonly Pick<OrderCommand, 'id' | 'orderId'>[] }
  /** The input has ended: let the remaining timers fire. */
  | { readonly type: 'finish' }
  | { readonly type: 'stop' }

export type FromRuntime =
  | { readonly type: 'ready' }
  /** By command id: durable and applied, settled, and applied without a transition. */
  | {
      readonly type: 'notices'
      readonly applied: readonly string[]
      readonly settled: readonly string[]
      readonly unhandled: readonly string[]
    }
  | { readonly type: 'refused'; readonly id: string; readonly message: string }
  /** What the circuit before the gateway has become. */
  | { readonly type: 'circuit'; readonly state: CircuitName }
  | { readonly type: 'finished' }
  | { readonly type: 'failed'; readonly message: string }
