/**
 * Bytes as what changed since others: runs copied from those, and what is new between them. For states that are large
 * and change little; who made them, and of what, makes no difference.
 *
 * Invariant: applied to the very bytes it was made against a patch gives the bytes it was made of. That they are those
 * is for who keeps both to know.
 */

/** Before the runs: the length of what it makes, and how many runs there are. */
const HEAD_BYTES = 8
/** Of each run: where it begins and how long it is there, and how many new bytes follow it. */
const RUN_BYTES = 12
/** A patch that says more is not worth the folding. */
const RUNS_MAX = 64
/** What must be alike to be taken for the same place. */
const ANCHOR_BYTES = 32
/** How many places to go on from are tried after a difference, each twice as far from it as the one before. */
const ANCHORS_MAX = 12
/** How far behind a difference is looked. */
const WINDOW_BYTES = 16 * 1024
/** Compared at once, out of JavaScript: first many, then few, the last one by one. */
const BLOCKS_BYTES = [8 * 1024, 256]

interface Run {
  readonly from: number
  readonly length: number
  /** New bytes behind it: up to where, in what is made. */
  readonly end: number
}

/** Undefined when it would not be half as long as what it makes. */
export function patchOf(before: Buffer, after: Buffer): Buffer | undefined {
  const runs = runsOf(before, after)
  if (runs === undefined) return undefined
  const newBytes = runs.reduce((sum, run) => sum - run.length, after.length)
  const length = HEAD_BYTES + runs.length * RUN_BYTES + newBytes
  if (length * 2 > after.length) return undefined
  const patch = Buffer.allocUnsafe(length)
  patch.writeUInt32LE(after.length, 0)
  patch.writeUInt32LE(runs.length, 4)
  let literalAt = HEAD_BYTES + runs.length * RUN_BYTES
  let at = 0
  runs.forEach((run, index) => {
    const start = at + run.length
    patch.writeUInt32LE(run.from, HEAD_BYTES + index * RUN_BYTES)
    patch.writeUInt32LE(run.length, HEAD_BYTES + index * RUN_BYTES + 4)
    patch.writeUInt32LE(run.end - start, HEAD_BYTES + index * RUN_BYTES + 8)
    literalAt += after.copy(patch, literalAt, start, run.end)
    at = run.end
  })
  return patch
}

/** What a patch makes of the bytes it was made against. */
export function patched(before: Buffer, patch: Buffer): Buffer {
  const after = Buffer.allocUnsafeSlow(patch.readUInt32LE(0))
  const runs = patch.readUInt32LE(4)
  let literalAt = HEAD_BYTES + runs * RUN_BYTES
  let at = 0
  for (let index = 0; index < runs; index++) {
    const runAt = HEAD_BYTES + index * RUN_BYTES
    const from = patch.readUInt32LE(runAt)
    const literal = patch.readUInt32LE(runAt + 8)
    at += before.copy(after, at, from, from + patch.readUInt32LE(runAt + 4))
    at += patch.copy(after, at, literalAt, literalAt + literal)
    literalAt += literal
  }
  return after
}

/** Undefined when they have too little in common. */
function runsOf(before: Buffer, after: Buffer): Run[] | undefined {
  const runs: Run[] = []
  let from = 0
  for (let at = 0; at < after.length; ) {
    if (runs.length === RUNS_MAX) return undefined
    const length = alike(before, from, after, at)
    const next = at + length === after.length ? undefined : resume(before, from + length, after, at + length)
    const end = next?.at ?? after.length
    runs.push({ from, length, end })
    from = next?.from ?? before.length
    at = end
  }
  return runs
}

/** How many bytes are the same from there on. */
function alike(before: Buffer, from: number, after: Buffer, at: number): number {
  const most = Math.min(before.length - from, after.length - at)
  let length = 0
  for (const block of BLOCKS_BYTES)
    while (length + block <= most) {
      const end = length + block
      if (after.compare(before, from + length, from + end, at + length, at + end) !== 0) break
      length = end
    }
  while (length < most && before[from + length] === after[at + length]) length++
  return length
}

/** Where both go on alike after a difference, looked for near it first. */
function resume(
  before: Buffer,
  from: number,
  after: Buffer,
  at: number,
): { readonly from: number; readonly at: number } | undefined {
  const window = after.subarray(at, at + WINDOW_BYTES)
  for (let tried = 0, ahead = 0; tried < ANCHORS_MAX; tried++, ahead = ahead * 2 + ANCHOR_BYTES) {
    const anchor = from + ahead
    if (anchor + ANCHOR_BYTES > before.length) return undefined
    const found = window.indexOf(before.subarray(anchor, anchor + ANCHOR_BYTES))
    if (found === -1) continue
    // What is before it may be alike as well.
    let back = 0
    while (back < found && back < anchor && before[anchor - back - 1] === after[at + found - back - 1]) back++
    return { from: anchor - back, at: at + found - back }
  }
  return undefined
}
