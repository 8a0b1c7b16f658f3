/**
 * The life of an agent: perceive → reason → act, until it has an answer.
 *
 *   perceiving   what it knows becomes a percept: a pure function of its task and what its acts brought
 *   reasoning    the percept becomes a thought: an activity, so it is journaled and never repeated
 *   acting       a thought that asks for a deed has it done: an activity too; its result is perceived next
 *   concluded    a thought that holds the answer ends the agent: its output
 *
 * Invariants: no more than `turnsMax` thoughts; a failed activity is the agent's error, for whoever invoked
 * it to handle. An agent is a child actor wherever a machine invokes it, or an actor of its own.
 */
import { type AnyEventObject, assign, type DoneActorEvent, type PromiseActorLogic, setup } from 'xstate'
import { activity } from '../activity.js'

/** What reasoning comes to: the answer, or a deed to be done first. */
export type Thought<Answer, Deed> = { readonly answer: Answer } | { readonly deed: Deed }

export type AgentOutcome<Answer> =
  | { readonly status: 'concluded'; readonly answer: Answer; readonly turns: number }
  /** `turnsMax` thoughts were not enough. */
  | { readonly status: 'exhausted'; readonly turns: number }

export interface AgentContext<Task, Percept, Answer, Deed, Result> {
  readonly task: Task
  /** What its deeds brought, oldest first. */
  readonly results: readonly Result[]
  readonly percept: Percept | undefined
  readonly thought: Thought<Answer, Deed> | undefined
  readonly turns: number
}

interface AgentParts<Task, Percept, Answer, Deed, Result> {
  readonly id: string
  /** Pure. */
  readonly perceive: (task: Task, results: readonly Result[]) => Percept
  readonly reason: PromiseActorLogic<Thought<Answer, Deed>, Percept>
  /** Absent for an agent that only thinks. */
  readonly act?: PromiseActorLogic<Result, Deed>
  readonly turnsMax: number
}

/** An agent's machine: input is its task, output its outcome. */
export function createAgent<Task, Percept, Answer, Deed = never, Result = never>(
  parts: AgentParts<Task, Percept, Answer, Deed, Result>,
) {
  type Context = AgentContext<Task, Percept, Answer, Deed, Result>
  const act = (parts.act ?? noDeeds(parts.id)) as unknown as PromiseActorLogic<unknown, unknown>
  // In a generic function XState cannot tell which source's input and output it sees: said here, once.
  const reason = parts.reason as unknown as PromiseActorLogic<unknown, unknown>
  const keepThought = assign<Context, DoneActorEvent, undefined, AnyEventObject, never>({
    thought: ({ event }) => event.output as Thought<Answer, Deed>,
    turns: ({ context }) => context.turns + 1,
  })
  const keepResult = assign<Context, DoneActorEvent, undefined, AnyEventObject, never>({
    results: ({ context, event }) => [...context.results, event.output as Result],
  })
  return setup({
    types: {
      input: {} as Task,
      context: {} as Context,
      output: {} as AgentOutcome<Answer>,
    },
    actors: { reason, act },
    guards: {
      hasAnswer: ({ context }: { context: Context }) =>
        context.thought !== undefined && 'answer' in context.thought,
      isExhausted: ({ context }: { context: Context }) => context.turns >= parts.turnsMax,
    },
  }).createMachine({
    id: parts.id,
    initial: 'perceiving',
    context: ({ input }) => ({ task: input, results: [], percept: undefined, thought: undefined, turns: 0 }),
    output: ({ context }) => outcomeOf(context),
    states: {
      perceiving: {
        entry: assign({ percept: ({ context }) => parts.perceive(context.task, context.results) }),
        always: 'reasoning',
      },
      reasoning: {
        invoke: {
          src: 'reason',
          input: ({ context }: { context: Context }) => context.percept,
          onDone: { target: 'weighing', actions: keepThought },
        },
      },
      weighing: {
        always: [
          { guard: 'hasAnswer', target: 'concluded' },
          { guard: 'isExhausted', target: 'exhausted' },
          'acting',
        ],
      },
      acting: {
        invoke: {
          src: 'act',
          input: ({ context }: { context: Context }) => (context.thought as { deed: Deed }).deed,
          onDone: { target: 'perceiving', actions: keepResult },
        },
      },
      concluded: { type: 'final' },
      exhausted: { type: 'final' },
    },
  })
}

function outcomeOf<Answer, Deed>(context: {
  readonly thought: Thought<Answer, Deed> | undefined
  readonly turns: number
}): AgentOutcome<Answer> {
  const { thought, turns } = context
  return thought !== undefined && 'answer' in thought
    ? { status: 'concluded', answer: thought.answer, turns }
    : { status: 'exhausted', turns }
}

function noDeeds(id: string): PromiseActorLogic<never> {
  return activity<never>(
    () => Promise.reject(new Error(`agent '${id}' only thinks, but a thought of it asks for a deed`)),
    { retry: { attempts: 1 } },
  )
}
