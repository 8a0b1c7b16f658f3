/**
 * `perdure`: what a program imports.
 */
export { PerdureError, type RequestErrorCode, SetupError, type SetupErrorCode } from '../actors/errors.js'
export type { ActorDefinition, AnyDefinition } from '../machines/index.js'
export { activity, asks, defineActor, each, ref } from '../machines/index.js'
export type {
  ActorHandle,
  Applied,
  Client,
  DurableSnapshot,
  HistoryEntry,
  Listed,
  ListOptions,
  Receipt,
  Runtime,
  Wait,
} from './client/types.js'
export { createRuntime, type RuntimeOptions } from './compose.js'
export { type ConnectOptions, connect } from './connect.js'
export type { InspectOptions, InspectQuery } from './inspect/options.js'
