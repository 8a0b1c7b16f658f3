/**
 * Which nats-server a file is. It owns the oldest version that a cluster can stand on.
 */
import { run } from './programs.js'

/** Atomic batches came with it. */
const OLDEST = [2, 12] as const

export interface FoundServer {
  readonly path: string
  /** As `2.15.1`. */
  readonly version: string
}

/** @returns undefined where there is no such program, or it is no nats-server. */
export async function serverAt(path: string): Promise<FoundServer | undefined> {
  const said = await run(path, ['--version']).catch(() => '')
  const version = /nats-server: v?(\d+\.\d+\.\d+\S*)/.exec(said)?.[1]
  return version === undefined ? undefined : { path, version }
}

export function isRecent({ version }: FoundServer): boolean {
  return compareVersions(version, OLDEST.join('.')) >= 0
}

export const oldestVersion = OLDEST.join('.')

/** By their numbers; what stands behind them (`-RC.1`) does not count. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [numbers(a), numbers(b)]
  for (const [index, number] of left.entries()) {
    const difference = number - (right[index] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

function numbers(version: string): number[] {
  return version
    .split('-', 1)
    .join()
    .split('.')
    .map(part => Number.parseInt(part, 10) || 0)
}
