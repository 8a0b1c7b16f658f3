/**
 * Work in the outside world, as XState promise logic: it goes into `setup({ actors })` and is invoked like
 * any promise. Run by a runtime it is retried, timed and recorded by its policy; run by plain `createActor`
 * it runs once.
 */
import { type EventObject, fromPromise, type NonReducibleUnknown, type PromiseActorLogic } from 'xstate'
import { SetupError } from '../actors/errors.js'
import type { ActivityCall, ActivitySource } from '../actors/logic.js'
import { type ActivityOptions, activityPolicy } from './activity-policy.js'
import { tagged } from './source-tag.js'

/** What an activity's function is given. */
export interface ActivityArguments<Input, Live extends EventObject> {
  input: Input
  /** Aborted when the invocation is stopped, its deadline passes, or the runtime stops. */
  signal: AbortSignal
  /** From 1; a redispatch after a crash counts. */
  attempt: number
  /** The same for every attempt of one invocation, and never that of another. */
  idempotencyKey: string
  /** Says that it lives, with what the next attempt should know. */
  heartbeat(details?: unknown): void
  /** The details of the last heartbeat of an earlier attempt. */
  lastHeartbeat?: unknown
  /** For whoever watches now (tokens to a screen); never stored. */
  emit(live: Live): void
  /** Names the attempt, for whoever completes it elsewhere: `perdure.done.<token>`, `POST /activities/<token>/done`. */
  token: string
  /**
   * Leaves the attempt to whoever was given its token: `return elsewhere()`. It outlives the process then, holds no place
   * here, and ends with its result or its deadlines (`attemptMs`, and `heartbeatMs` between two heartbeats).
   */
  elsewhere(): Promise<never>
}

/** Without a runtime nobody can complete it. */
export function never(): Promise<never> {
  return new Promise(() => {})
}

/**
 * Promise logic for work that may fail, hang, or meet a crash.
 * @throws SetupError `InvalidDefinition` for options that cannot be meant.
 */
export function activity<Output, Input = NonReducibleUnknown, Live extends EventObject = EventObject>(
  run: (call: ActivityArguments<Input, Live>) => Promise<Output>,
  options?: ActivityOptions,
): PromiseActorLogic<Output, Input, Live> {
  if (typeof run !== 'function')
    throw new SetupError('InvalidDefinition', `activity expects a function, found ${typeof run}`)
  const logic = fromPromise<Output, Input, Live>(({ input, signal, emit, self }) =>
    run({
      input,
      signal,
      attempt: 1,
      idempotencyKey: `${self.sessionId}/${self.id}`,
      heartbeat: () => {},
      emit,
      token: `${self.sessionId}/${self.id}`,
      elsewhere: never,
    }),
  )
  const source: ActivitySource = {
    kind: 'activity',
    run: call => run(call as ActivityCall & ActivityArguments<Input, Live>),
    policy: activityPolicy(options),
  }
  return tagged(logic, source)
}
