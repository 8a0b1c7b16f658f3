/**
 * The face of this room: behaviours for the runtime, and the names that machine files use.
 */
export { type ActivityArguments, activity } from './activity.js'
export type { ActivityOptions, RetryOptions } from './activity-policy.js'
export { type AskOptions, asks, type Question } from './asks.js'
export {
  type DefinitionOptions,
  defineActor,
  type MachineDefinition,
  type StoreDefinition,
} from './define-actor.js'
export type { ActorDefinition, AnyDefinition, Selectors } from './definition-types.js'
export { runDeterministically, type WindowContext } from './deterministic-window.js'
export { type EachOptions, each } from './each.js'
export { machineLogic, referenceLogic } from './machine-logic.js'
export { type ReadableState, readableState } from './readable-state.js'
export { ref } from './ref.js'
export { isReservedType } from './reserved-events.js'
export type { StoreActorLogic, StoreActorSnapshot, StoreConfig } from './store-actor.js'
export { storeLogic } from './store-logic.js'
