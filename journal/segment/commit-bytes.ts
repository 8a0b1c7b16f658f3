/**
 * A commit as bytes, to travel: the two byte strings of its segment, and what a segment leaves to the journal around
 * it. A record may say only what changed of its state; with it goes what the state before is known by.
 *
 * Invariants: what is unpacked and appended elsewhere makes the journal there say what it says here; what changed is
 * applied to the very state it was made against, or not at all.
 */
import { hash } from 'node:crypto'
import type { Address } from '../../actors/address.js'
import { decode, writeKnown } from '../../actors/codec.js'
import type { Commit, InboxPosition } from '../../actors/commit.js'
import { LogMismatchError } from '../../actors/errors.js'
import { limits } from '../../actors/limits.js'
import type { LoggedCommit, StateAt, StatesBefore } from '../../actors/logged-commit.js'
import type { ActorRecord } from '../../actors/record.js'
import { FrameWriter, frameAt } from './frames.js'
import { PatchChains } from './patch-chains.js'
import {
  isPatched,
  patchedSeq,
  recordHead,
  stateBytes,
  statePatched,
  unpackRecord,
  unpackWith,
} from './rows.js'
import {
  entryAt,
  entryCount,
  keepPacked,
  packCommit,
  pendingBytes,
  recordAt,
  recordsIn,
  tailOf,
  unpackPending,
} from './segment.js'

const frames = new FrameWriter()

/** What stands before the two byte strings; the last only where a commit has it. */
type Head = [first: number, at: number, taken: unknown[][] | undefined, losses?: [number, Address][]]

/** What stands behind them where there are patches: by the index of its record, the digest of the state each was made against. */
type Digests = [index: number, digest: string][]

/**
 * What bytes with patches in them begin with. Others begin with how many parts they have: whoever knows of no patches
 * finds this too many, and reads nothing.
 */
const WITH_PATCHES = Buffer.from([0x02, 0xff, 0xff, 0xff])

/** Of a SHA-256, in hex: 128 bits are enough to tell states apart. */
const DIGEST_CHARS = 32

/** To and from bytes. */
export const commitForm = { writer: () => new CommitWriter(), unpack: commitOf }

/** For the commits of one shard, each after the one before. */
class CommitWriter {
  /** Of what was packed; what became of that makes no difference but to how soon a state is whole again. */
  readonly #chains = new PatchChains()

  /** @throws UnserialisableError when something in it cannot be restored. */
  pack(commit: Commit, before: StatesBefore = () => undefined): Buffer {
    const bases = new Map<Address, StateAt>()
    const packed = packCommit(commit, address => {
      const base = this.#chains.mayGoOn(address) ? before(address) : undefined
      if (base !== undefined) bases.set(address, base)
      return base
    })
    keepPacked(commit, packed)
    const digests = this.#count(commit, packed.records, bases)
    frames.begin(digests.length > 0 ? 4 : 3)
    writeKnown(frames.to, [commit.first, commit.at, commit.taken?.map(placeRow), ...lossRows(commit)])
    frames.endPart()
    frames.to.writeBytes(packed.entries)
    frames.endPart()
    frames.to.writeBytes(packed.records)
    frames.endPart()
    if (digests.length === 0) return frames.finish()
    writeKnown(frames.to, digests)
    frames.endPart()
    return Buffer.concat([WITH_PATCHES, frames.finish()])
  }

  #count(commit: Commit, packed: Buffer, bases: ReadonlyMap<Address, StateAt>): Digests {
    const digests: Digests = []
    commit.records.forEach(({ record: { address, status, state } }, index) => {
      const bytes = recordAt(packed, index)
      if (isPatched(bytes)) {
        this.#chains.wrotePatch(address, stateBytes(bytes))
        digests.push([index, digestOf(bases.get(address)!)])
      } else if (state.length >= limits.patchedStateBytesMin) this.#chains.wroteWhole(address, state.length)
      // Once it has ended a copy may forget it before others do.
      if (status !== 'active') this.#chains.forget(address)
    })
    return digests
  }
}

/** @throws Error when they are no commit. */
function commitOf(bytes: Buffer): LoggedCommit {
  const hasPatches = bytes.subarray(0, WITH_PATCHES.length).equals(WITH_PATCHES)
  const parts = hasPatches ? bytes.subarray(WITH_PATCHES.length) : bytes
  const [first, at, taken, losses] = decode(frameAt(parts, 0)) as Head
  const entries = frameAt(parts, 1)
  const records = frameAt(parts, 2)
  const digests = new Map(hasPatches ? (decode(frameAt(parts, 3)) as Digests) : [])
  const rest = {
    first,
    at,
    entries: Array.from({ length: entryCount(entries) }, (_, index) => entryAt(entries, index)),
    pending: unpackPending(pendingBytes(records)),
    ...tailOf(entries),
    ...(taken === undefined ? {} : { taken: taken.map(placeOf) }),
    ...(losses === undefined ? {} : { losses: losses.map(([until, to]) => ({ until, to })) }),
  }
  return {
    ...rest,
    whole(before, log) {
      const whole = recordsIn(records).map(({ bytes, index, persistSnapshot }, at) => {
        const digest = digests.get(at)
        const record = digest === undefined ? unpackRecord(bytes) : recordOn(bytes, digest, before, log)
        return { record, index, persistSnapshot }
      })
      const commit: Commit = { ...rest, records: whole }
      keepPacked(commit, { entries, records })
      return commit
    },
  }
}

/** A record that says what changed of the state before, which has that digest. */
function recordOn(
  bytes: Buffer,
  digest: string,
  before: StatesBefore,
  log: { readonly stream: string; readonly shard: number },
): ActorRecord {
  const { address, position } = recordHead(bytes)
  const base = before(address)
  const found = base && digestOf(base)
  const state = base && found === digest ? statePatched(bytes, base) : undefined
  if (state !== undefined)
    return unpackWith(bytes, new Uint8Array(state.buffer, state.byteOffset, state.length))
  throw new LogMismatchError(
    'another state',
    { ...log, address, position },
    `the state of ${address} after its entry ${patchedSeq(bytes)} with the digest ${digest}, of which the commit of entry ${position} says what changed`,
    base === undefined ? 'none that is whole' : `one after its entry ${base.seq} with the digest ${found}`,
  )
}

function digestOf({ state }: StateAt): string {
  return hash('sha256', state, 'hex').slice(0, DIGEST_CHARS)
}

function lossRows({ losses }: Commit): unknown[] {
  return losses === undefined ? [] : [losses.map(({ until, to }) => [until, to])]
}

function placeRow({ inbox, sequence, hash, index }: InboxPosition): unknown[] {
  return index === undefined ? [inbox, sequence, hash] : [inbox, sequence, hash, index]
}

function placeOf([inbox, sequence, hash, index]: unknown[]): InboxPosition {
  return { inbox, sequence, hash, ...(index === undefined ? {} : { index }) } as InboxPosition
}
