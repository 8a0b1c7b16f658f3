/** What says of an image, in its stream, what it is and what it is made of: written last, so one that is there is whole. */
import type { ImageFacts } from '../../actors/image.js'

export interface ImageManifest extends ImageFacts {
  /** Of the image: the manifest it follows, and something unique. */
  readonly id: string
  /** Who made it, and when, ms since 1970 by its clock. */
  readonly member: string
  readonly at: number
  readonly chunks: number
  /** Sequence of the manifest before it in the stream; 0: there was none. */
  readonly before: number
}

/** An image that is in the stream. */
export interface StoredImage extends ImageManifest {
  /** Sequence of its manifest. */
  readonly sequence: number
}

/** The manifest that an image follows is the first part of its id: what older rounds left can be told by it. */
export function imageId(before: number, unique: string): string {
  return `${before}-${unique}`
}

/** 0 when it is no image's id. */
export function followedBy(id: string): number {
  return Number(/^(\d+)-/.exec(id)?.[1] ?? 0)
}

const NUMBERS = [
  'position',
  'commits',
  'historyFrom',
  'actors',
  'schema',
  'bytes',
  'journalBytes',
  'chunks',
  'before',
  'at',
] as const

/** Undefined for what no member wrote. */
export function readManifest(bytes: Uint8Array, sequence: number): StoredImage | undefined {
  try {
    const manifest = JSON.parse(Buffer.from(bytes).toString()) as ImageManifest
    const { id, member, chain, journalSha256, log } = manifest
    if (!NUMBERS.every(name => Number.isSafeInteger(manifest[name]))) return undefined
    if (![id, member, chain, journalSha256, log.hash].every(one => typeof one === 'string')) return undefined
    if (![log.incarnation, log.sequence].every(Number.isSafeInteger)) return undefined
    return { ...manifest, sequence }
  } catch {
    return undefined
  }
}
