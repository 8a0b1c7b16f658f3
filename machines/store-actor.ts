/**
 * A store in XState's form and types: what a store definition carries as its `machine`, so that everything
 * inferred from logic (input, events, snapshot, emitted) works for stores, `createActor` runs it, and another
 * machine can invoke or spawn it by name.
 */
import type {
  EnqueueObject,
  EventPayloadMap,
  ExtractEvents,
  ResolveStoreEmittedPayloadMap,
  StandardSchemaMap,
  StoreContext,
} from '@xstate/store'
import type { AnyActorLogic, AnyActorScope, EventObject, Snapshot, ActorLogic as XStateLogic } from 'xstate'
import type { ActorLogic, StepContext } from '../actors/logic.js'
import { tagged } from './source-tag.js'

/** A store's state as people see it: context, and the fields every snapshot has. */
export type StoreActorSnapshot<Context> = Snapshot<undefined> & {
  readonly context: Context
  /** Always `{}`: a store has no states. */
  readonly value: Record<never, never>
  readonly tags: ReadonlySet<never>
}

/** The logic of a store, as types see it. */
export type StoreActorLogic<
  Context extends StoreContext,
  Events extends EventPayloadMap,
  Emitted extends EventObject,
  Input,
> = XStateLogic<
  StoreActorSnapshot<Context>,
  ExtractEvents<Events>,
  Input,
  AnyActorScope['system'],
  // A store that declares none emits nothing a type could name.
  [Emitted] extends [never] ? EventObject : Emitted
>

/** The events that schemas of payloads, by event type, stand for. */
export type EmittedBy<Schemas extends StandardSchemaMap | undefined> = ExtractEvents<
  ResolveStoreEmittedPayloadMap<Record<never, never>, Schemas>
>

/** What `createStoreLogic` takes: context may be made from the input. */
export interface StoreConfig<
  Context extends StoreContext,
  Events extends EventPayloadMap,
  EmittedSchemas extends StandardSchemaMap | undefined,
  Input,
> {
  readonly context: Context | ((input: Input) => Context)
  /** As in `createStore`: schemas of what it emits are where the types of `enqueue.emit` come from. */
  readonly schemas?: { readonly emitted?: EmittedSchemas }
  readonly on: {
    readonly [Type in keyof Events & string]: (
      context: Context,
      event: { type: Type } & Events[Type],
      enqueue: EnqueueObject<Context, EmittedBy<EmittedSchemas>, Events>,
      // biome-ignore lint/suspicious/noConfusingVoidType: as in @xstate/store, a transition may return nothing
    ) => Context | void
  }
}

/** For plain `createActor`: the first entry's number, and a time and seed that no live step has. */
const alone: StepContext = { self: 'store/alone', parent: undefined, seq: 1, at: 0, seed: 0 }

/** The XState form of a store's logic. */
export function storeActorLogic(logic: ActorLogic): AnyActorLogic {
  const whole = {
    getInitialSnapshot: (_scope: unknown, input: unknown) =>
      logic.snapshot(logic.initial(input, alone).state),
    transition: (snapshot: unknown, event: EventObject, scope: { emit(event: EventObject): void }) => {
      const { state, effects } = logic.step(snapshot, { type: 'event', event }, alone)
      for (const effect of effects) {
        if (effect.type === 'publish') scope.emit(effect.event)
        if (effect.type === 'act') effect.run()
      }
      return logic.snapshot(state)
    },
    getPersistedSnapshot: (snapshot: unknown) => snapshot,
    restoreSnapshot: (snapshot: unknown) => snapshot,
  }
  return tagged(whole as unknown as AnyActorLogic, { kind: 'child', logic })
}
