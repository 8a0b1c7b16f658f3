/**
 * The lease of this process as its two threads share it: one renews it, the other asks whether it holds. It lies in
 * shared memory, so no queue of messages stands between a thaw and the answer, and it is judged by two clocks that
 * both threads read alike: a steady one (the same in all threads of a process) and the wall clock, which goes on
 * while a machine sleeps.
 *
 * Invariant: who reads a renewal also sees every loss that came before it.
 */

/** One moment by both clocks. */
export interface Instant {
  readonly steadyNs: bigint
  readonly wallMs: number
}

export function instant(): Instant {
  return { steadyNs: process.hrtime.bigint(), wallMs: Date.now() }
}

const STEADY = 0
const WALL = 1
const LOSSES = 2
const FIELDS = 3
const NS_PER_MS = 1_000_000n

export class LeaseCell {
  readonly buffer: SharedArrayBuffer
  readonly #fields: BigInt64Array

  /** @param buffer of the cell that the other thread made. */
  constructor(buffer = new SharedArrayBuffer(FIELDS * BigInt64Array.BYTES_PER_ELEMENT)) {
    this.buffer = buffer
    this.#fields = new BigInt64Array(buffer)
  }

  /** The lease was renewed by a write that began at that moment. */
  renewed(begun: Instant): void {
    Atomics.store(this.#fields, WALL, BigInt(begun.wallMs))
    Atomics.store(this.#fields, STEADY, begun.steadyNs)
  }

  /** The lease is lost for good; a new one is a life of its own. Before any renewal of that. */
  lost(): void {
    Atomics.add(this.#fields, LOSSES, 1n)
    Atomics.store(this.#fields, STEADY, 0n)
  }

  /** Whether it was renewed less than `termMs` ago, and was lost no more often than the asker knows. */
  isFresh(termMs: number, lossesKnown: number, now: Instant = instant()): boolean {
    // The losses last: what is read before them came before them.
    const steady = Atomics.load(this.#fields, STEADY)
    const wall = Atomics.load(this.#fields, WALL)
    if (Number(Atomics.load(this.#fields, LOSSES)) !== lossesKnown || steady === 0n) return false
    return now.steadyNs - steady < BigInt(termMs) * NS_PER_MS && now.wallMs - Number(wall) < termMs
  }

  /** Since the write began that renewed it last; undefined while it is lost. */
  ageMs(now: Instant = instant()): number | undefined {
    const steady = Atomics.load(this.#fields, STEADY)
    return steady === 0n ? undefined : Number((now.steadyNs - steady) / NS_PER_MS)
  }

  get losses(): number {
    return Number(Atomics.load(this.#fields, LOSSES))
  }
}
