/**
 * A member as it stands in the bucket of members: its heartbeat. A **life** is the time from a member's first
 * heartbeat to the removal of its key; its name says in which bucket and at which revision it began.
 */

/** What a member says of itself. */
export interface MemberAbout {
  readonly id: string
  /** When its process joined, ms since 1970 by its own clock. */
  readonly since: number
  readonly program: string
  readonly host: string
  readonly pid: number
  /** The version it would start actors of each type on. */
  readonly versions: Readonly<Record<string, string>>
  /** Its share of the shards relative to the others'. */
  readonly weight: number
  /** It leaves, or its clock is off: it is meant for no shard. */
  readonly draining: boolean
  readonly skewed: boolean
}

export interface MemberRecord extends MemberAbout {
  /** Its wall clock when the heartbeat began, ms since 1970. */
  readonly clock: number
  /** Absent from the first heartbeat of a life: that revision begins it. */
  readonly life?: string
}

/** @param created when the bucket was made, as the server writes it. */
export function lifeOf(created: string, revision: number): string {
  return `${revision}@${created}`
}

/** Whether the life began in that bucket. */
export function isOfBucket(life: string, created: string): boolean {
  return life.slice(life.indexOf('@') + 1) === created
}

/** Whether the life began in that bucket, at that revision or before it. */
export function beganBy(life: string, created: string, revision: number): boolean {
  return isOfBucket(life, created) && Number(life.slice(0, life.indexOf('@'))) <= revision
}

/** Undefined for what is no heartbeat. */
export function readMember(key: string, bytes: Uint8Array): MemberRecord | undefined {
  const value = readObject(bytes)
  if (value === undefined || value.id !== key || typeof value.clock !== 'number') return undefined
  return value as unknown as MemberRecord
}

/** Undefined for what is no JSON object. */
export function readObject(bytes: Uint8Array): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes).toString())
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}
