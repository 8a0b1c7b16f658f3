/**
 * What the streams and buckets of a cluster must be, and what of an existing one differs from it.
 *
 * Invariants: the log and the commands lose nothing by age or size: a full one refuses; the log takes batches whole.
 * What an operator may tune (bytes, ages, replicas above those asked for) is not compared.
 */
import { StorageType, type StreamConfig, type StreamInfo } from '@nats-io/jetstream'
import { nanos } from '@nats-io/transport-node'
import type { Names } from '../names.js'

/** What is chosen when a cluster is made. */
export interface StreamShape {
  readonly shards: number
  readonly replicas: number
  /** Bytes of commands that wait; then senders are refused. */
  readonly commandBytesMax: number
  /** For how long a command's id is remembered by the stream. */
  readonly duplicateWindowMs: number
  /** Published events are kept for that long, and that many bytes. */
  readonly eventAgeMsMax: number
  readonly eventBytesMax: number
}

export interface StreamPlan {
  readonly config: Partial<StreamConfig> & { readonly name: string }
  /** Fields that must be as planned in one that exists. */
  readonly fixed: readonly (keyof StreamConfig)[]
}

export interface Difference {
  readonly field: string
  readonly expected: string
  readonly found: string
}

const FIXED = [
  'subjects',
  'retention',
  'storage',
  'discard',
  'max_age',
  'max_msgs',
  'max_msgs_per_subject',
] as const

const commonOf = (replicas: number) =>
  ({
    retention: 'limits',
    storage: StorageType.File,
    num_replicas: replicas,
    allow_direct: true,
    max_msgs: -1,
    max_msgs_per_subject: -1,
  }) as const

export function streamPlans(names: Names, shape: StreamShape): readonly StreamPlan[] {
  const common = commonOf(shape.replicas)
  return [
    {
      config: {
        ...common,
        name: names.commandsStream,
        subjects: [`${names.name}.cmd.*.*`],
        subject_transform: { src: `${names.name}.cmd.*.*`, dest: commandsTarget(names, shape.shards) },
        discard: 'new',
        max_bytes: shape.commandBytesMax,
        max_age: 0,
        duplicate_window: nanos(shape.duplicateWindowMs),
        deny_delete: true,
      },
      fixed: [...FIXED, 'subject_transform', 'allow_direct'],
    },
    {
      config: {
        ...common,
        name: names.journalStream,
        subjects: [`${names.name}.j.>`],
        discard: 'new',
        max_bytes: -1,
        max_age: 0,
        allow_atomic: true,
      },
      fixed: [...FIXED, 'max_bytes', 'allow_atomic', 'allow_direct'],
    },
    {
      config: {
        ...common,
        name: names.eventsStream,
        sources: [{ name: names.journalStream, subject_transforms: [eventsTransform(names)] }],
        discard: 'old',
        max_bytes: shape.eventBytesMax,
        max_age: nanos(shape.eventAgeMsMax),
      },
      fixed: ['retention', 'storage', 'sources'],
    },
    {
      config: {
        ...common,
        name: names.imagesStream,
        subjects: [`${names.name}.image.>`],
        discard: 'new',
        max_bytes: -1,
        max_age: 0,
      },
      fixed: FIXED,
    },
    bucketPlan(names.membersBucket, shape.replicas),
    bucketPlan(names.shardsBucket, shape.replicas),
  ]
}

/** A key-value bucket as every client of NATS knows it. The sign that a key was removed may go by itself. */
export function bucketPlan(bucket: string, replicas: number): StreamPlan {
  return {
    config: {
      ...commonOf(replicas),
      name: `KV_${bucket}`,
      subjects: [`$KV.${bucket}.>`],
      max_msgs_per_subject: 1,
      discard: 'new',
      max_bytes: -1,
      max_age: 0,
      allow_rollup_hdrs: true,
      allow_msg_ttl: true,
      deny_delete: true,
    },
    fixed: [...FIXED, 'allow_rollup_hdrs', 'allow_msg_ttl', 'allow_direct'],
  }
}

function commandsTarget(names: Names, shards: number): string {
  return `${names.name}.shard.{{partition(${shards},1,2)}}.{{wildcard(1)}}.{{wildcard(2)}}`
}

/** How many shards a commands stream is cut into, by its transform. */
export function shardsOf(info: StreamInfo): number | undefined {
  const found = /\{\{\s*partition\((\d+),1,2\)\s*\}\}/.exec(info.config.subject_transform?.dest ?? '')?.[1]
  return found === undefined ? undefined : Number(found)
}

function eventsTransform({ name }: Names): { src: string; dest: string } {
  return {
    src: `${name}.j.*.*.event.*.*.*`,
    dest: `${name}.event.{{wildcard(3)}}.{{wildcard(4)}}.{{wildcard(5)}}`,
  }
}

/** The first field of an existing stream that is not as planned. */
export function differenceOf(plan: StreamPlan, info: StreamInfo): Difference | undefined {
  for (const field of plan.fixed) {
    const expected = shown(plan.config[field])
    const found = shown(info.config[field])
    if (expected !== found) return { field, expected, found }
  }
  return undefined
}

/** Servers leave out what is false, zero or unlimited in one version and not in another. */
function shown(value: unknown): string {
  if (value === undefined || value === false || value === 0 || value === -1) return 'none'
  return JSON.stringify(sorted(value))
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  const fields = Object.entries(value).filter(([, one]) => one !== '' && one !== undefined)
  return Object.fromEntries(
    fields.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, one]) => [key, sorted(one)]),
  )
}
