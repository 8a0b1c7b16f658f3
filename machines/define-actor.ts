/**
 * A machine or a store with a name, a version and policies: what a runtime is given. All that would misbehave
 * later is refused here.
 */
import type { StandardSchemaV1 } from '@standard-schema/spec'
import type {
  AnyStore,
  EventPayloadMap,
  ExtractEvents,
  StandardSchemaMap,
  Store,
  StoreContext,
} from '@xstate/store'
import type { AnyStateMachine, EventFromLogic, EventObject, InputFrom } from 'xstate'
import { type Behaviour, behaviour } from '../actors/definition.js'
import { limits } from '../actors/limits.js'
import type { ActorLogic } from '../actors/logic.js'
import { checkMachine } from './checks/machine.js'
import { checkOptions } from './checks/options.js'
import { checkStore } from './checks/store.js'
import type { ActorDefinition, AnyDefinition, Selectors } from './definition-types.js'
import { fingerprint, sourcesFingerprint } from './fingerprint.js'
import { chosenLogic, referenceLogic } from './machine-logic.js'
import { checkAgainst } from './schemas.js'
import { type EmittedBy, type StoreActorLogic, type StoreConfig, storeActorLogic } from './store-actor.js'
import { type StoreShape, storeLogic } from './store-logic.js'

/** What every definition may say, besides what it is made of. */
export interface DefinitionOptions<Input, Event extends EventObject> {
  /** The actor type, first half of every id; left out: the machine's id. */
  readonly type?: string
  /** Required in production. Left out: the fingerprint of the structure. */
  readonly version?: string
  /** Older versions whose actors are still alive. */
  readonly previous?: readonly AnyDefinition[]
  /** Input for an actor that is sent to before it was started. Left out: such a send is refused. */
  readonly create?: (key: string) => Input
  /** Checked at the door, before anything is stored. */
  readonly schemas?: {
    readonly input?: StandardSchemaV1<Input>
    readonly events?: { readonly [Type in Event['type']]?: StandardSchemaV1 }
  }
  /** What becomes of an event the state has no transition for: applied without effect, or refused. */
  readonly unhandled?: 'ignore' | 'refuse'
  /** A persisted snapshot every so many entries. */
  readonly snapshotEvery?: number
  /** How long a finished actor is kept after its end, in milliseconds. Left out: for good. */
  readonly retainMs?: number
}

type None = Record<never, never>

export interface MachineDefinition<Machine extends AnyStateMachine, Named>
  extends DefinitionOptions<InputFrom<Machine>, EventFromLogic<Machine>> {
  readonly machine: Machine
  /** Named questions about a state, for `select` and `asks`. */
  readonly selectors?: Named & Selectors<Machine>
  /** `reference`: let XState itself take the steps, slower and with the same outcome. Left out: compiled. */
  readonly executor?: 'compiled' | 'reference'
}

export interface StoreDefinition<
  Context extends StoreContext,
  Events extends EventPayloadMap,
  Emitted extends EventObject,
  Input,
  Named,
> extends DefinitionOptions<Input, ExtractEvents<Events>> {
  readonly type: string
  /** Named questions about a state, for `select` and `asks`. */
  readonly selectors?: Named & Selectors<StoreActorLogic<Context, Events, Emitted, Input>>
}

/**
 * A definition of an actor type.
 * @throws SetupError `InvalidDefinition`, naming machine and state, for what could not live or be restored.
 */
export function defineActor<Machine extends AnyStateMachine, const Named extends Selectors<Machine> = None>(
  definition: MachineDefinition<Machine, Named>,
): ActorDefinition<Machine, Named>
export function defineActor<
  Context extends StoreContext,
  const Events extends EventPayloadMap,
  EmittedSchemas extends StandardSchemaMap | undefined = undefined,
  Input = undefined,
  const Named extends Selectors<StoreActorLogic<Context, Events, EmittedBy<EmittedSchemas>, Input>> = None,
>(
  definition: StoreDefinition<Context, Events, EmittedBy<EmittedSchemas>, Input, Named> & {
    readonly store: StoreConfig<Context, Events, EmittedSchemas, Input>
  },
): ActorDefinition<StoreActorLogic<Context, Events, EmittedBy<EmittedSchemas>, Input>, Named>
export function defineActor<
  Context extends StoreContext,
  Events extends EventPayloadMap,
  Emitted extends EventObject,
  const Named extends Selectors<StoreActorLogic<Context, Events, Emitted, undefined>> = None,
>(
  definition: StoreDefinition<Context, Events, Emitted, undefined, Named> & {
    readonly store: Store<Context, Events, Emitted>
  },
): ActorDefinition<StoreActorLogic<Context, Events, Emitted, undefined>, Named>
export function defineActor(given: object): unknown {
  const definition = given as Loose
  const { machine, store } = definition
  const type = definition.type ?? machine?.config?.id ?? ''
  checkOptions(type, definition)
  if (machine !== undefined) {
    checkMachine(machine)
    return assembled(type, definition, machine, executed(machine, definition.executor), machine)
  }
  checkStore(type, store)
  const logic = storeLogic(store as AnyStore | StoreShape) as ActorLogic
  return assembled(type, definition, storeActorLogic(logic), { logic }, storeStructure(store))
}

/** A machine's logic, and what steps it. */
type Executed = Pick<Behaviour, 'logic' | 'executor'>

function executed(machine: AnyStateMachine, executor: Loose['executor']): Executed {
  if (executor !== 'reference') return chosenLogic(machine)
  const reason = 'the definition asks for it'
  return { logic: referenceLogic(machine), executor: { kind: 'reference', reason } }
}

/** A definition as it is before any of it is checked. */
interface Loose extends DefinitionOptions<never, EventObject> {
  readonly machine?: AnyStateMachine
  readonly store?: object
  readonly selectors?: AnyDefinition['selectors']
  readonly executor?: 'compiled' | 'reference'
}

function assembled(
  type: string,
  definition: Loose,
  machine: AnyDefinition['machine'],
  executed: Executed,
  structure: unknown,
): AnyDefinition {
  const { previous = [], create, schemas, unhandled = 'ignore', retainMs } = definition
  const selectors = definition.selectors ?? {}
  const hash = fingerprint(structure)
  const version = definition.version ?? hash
  const carried: Behaviour = {
    type,
    kind: definition.machine === undefined ? 'store' : 'machine',
    version,
    versioned: definition.version !== undefined,
    fingerprint: hash,
    sources: sourcesFingerprint(structure),
    ...executed,
    ...(create !== undefined && { create }),
    selectors: selectors as Behaviour['selectors'],
    previous: previous.map(older => older[behaviour]),
    unhandled,
    snapshotEvery: definition.snapshotEvery ?? limits.snapshotEvery,
    ...(retainMs !== undefined && { retainMs }),
    checkInput: input => checkAgainst(schemas?.input, input),
    checkEvent: event => {
      const events: Readonly<Record<string, StandardSchemaV1 | undefined>> = schemas?.events ?? {}
      return Object.hasOwn(events, event.type) ? checkAgainst(events[event.type], event) : undefined
    },
  }
  return { type, version, machine, selectors, [behaviour]: carried }
}

/** What of a store is structure: its event types and first context, not the live object around them. */
function storeStructure(store: unknown): unknown {
  const { context, on, trigger, getInitialSnapshot } = store as StoreShape & Partial<AnyStore>
  if (getInitialSnapshot === undefined) return { context, on }
  return { context: getInitialSnapshot().context, on: Object.keys(trigger ?? {}).sort() }
}
