/**
 * A commit as bytes, to travel: the two byte strings of its segment, and what a segment leaves to the journal around
 * it. Invariant: what is unpacked and appended elsewhere makes the journal there say what it says here.
 */
import type { Address } from '../../actors/address.js'
import { decode, writeKnown } from '../../actors/codec.js'
import type { Commit, InboxPosition } from '../../actors/commit.js'
import { FrameWriter, frameAt } from './frames.js'
import { unpackRecord } from './rows.js'
import {
  entryAt,
  entryCount,
  keepPacked,
  packCommit,
  pendingBytes,
  recordsIn,
  tailOf,
  unpackPending,
} from './segment.js'

const frames = new FrameWriter()

/** What stands before the two byte strings; the last only where a commit has it. */
type Head = [first: number, at: number, taken: unknown[][] | undefined, losses?: [number, Address][]]

/** To and from bytes. */
export const commitForm = { pack: commitBytes, unpack: commitOf }

/** @throws UnserialisableError when something in it cannot be restored. */
function commitBytes(commit: Commit): Buffer {
  const packed = packCommit(commit)
  keepPacked(commit, packed)
  const { entries, records } = packed
  frames.begin(3)
  writeKnown(frames.to, [commit.first, commit.at, commit.taken?.map(placeRow), ...lossRows(commit)])
  frames.endPart()
  frames.to.writeBytes(entries)
  frames.endPart()
  frames.to.writeBytes(records)
  frames.endPart()
  return frames.finish()
}

/** @throws Error when they are no commit. */
function commitOf(bytes: Buffer): Commit {
  const [first, at, taken, losses] = decode(frameAt(bytes, 0)) as Head
  const entries = frameAt(bytes, 1)
  const records = frameAt(bytes, 2)
  const commit: Commit = {
    first,
    at,
    entries: Array.from({ length: entryCount(entries) }, (_, index) => entryAt(entries, index)),
    records: recordsIn(records).map(({ bytes, index, persistSnapshot }) => ({
      record: unpackRecord(bytes),
      index,
      persistSnapshot,
    })),
    pending: unpackPending(pendingBytes(records)),
    ...tailOf(entries),
    ...(taken === undefined ? {} : { taken: taken.map(placeOf) }),
    ...(losses === undefined ? {} : { losses: losses.map(([until, to]) => ({ until, to })) }),
  }
  keepPacked(commit, { entries, records })
  return commit
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
