/** The bounds on copies and images of shards, and on what the log of a cluster lets go of; part of `Limits`. */
export interface ImageLimits {
  /** Commits of the log, and their bytes, that a copy writes as one, and how long the first of them waits for others. */
  readonly copyHeldCommitsMax: number
  readonly copyHeldBytesMax: number
  readonly copyHeldMs: number
  /** How many messages of the log it must be worth to purge what a shard was sent, or what was published. */
  readonly logPurgeSpan: number
  /** Images of a shard that are kept; the log keeps what comes after the oldest of them, and lets go of nothing before there are so many. */
  readonly imagesKept: number
  /** How often a member looks whether an image of a shard is due. */
  readonly imageLookMs: number
  /**
   * An image is due when as many entries have come since the last, and as many for each actor in it; or when the journal
   * has grown by so many bytes, and no fewer than it had. So what images cost stays in proportion to what was committed:
   * 13 µs of CPU an actor (measured), so some 3 µs an entry.
   */
  readonly imageEntriesMin: number
  readonly imageEntriesPerActor: number
  readonly imageBytesMin: number
  /** How many times over an image must be due before the owner makes it in its standby's stead. */
  readonly imagePatience: number
  /** Bytes of one message of an image; bytes a second at which one is sent; bytes of one that are asked for ahead. */
  readonly imageChunkBytes: number
  readonly imageBytesPerSecond: number
  readonly imageReadAheadBytes: number
  /** Silence after which an image that is read is given up. */
  readonly imageSilenceMs: number
  /** Shards that begin with an image at once on one member. */
  readonly imageLoadsMax: number
}

export const imageLimits: ImageLimits = {
  copyHeldCommitsMax: 32,
  copyHeldBytesMax: 2 * 1024 * 1024,
  copyHeldMs: 250,
  logPurgeSpan: 50_000,
  imagesKept: 2,
  imageLookMs: 10_000,
  imageEntriesMin: 50_000,
  imageEntriesPerActor: 4,
  imageBytesMin: 64 * 1024 * 1024,
  imagePatience: 3,
  imageChunkBytes: 512 * 1024,
  imageBytesPerSecond: 32 * 1024 * 1024,
  imageReadAheadBytes: 8 * 1024 * 1024,
  imageSilenceMs: 5_000,
  imageLoadsMax: 4,
}
