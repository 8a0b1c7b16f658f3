/** The images of shards, and from where on the log of each is kept: for people who look after a cluster. */
import type { Clock } from '../../actors/clock.js'
import type { Limits } from '../../actors/limits.js'
import type { ClusterConnection } from '../connection.js'
import type { StoredImage } from '../images/image-manifest.js'
import { ImageStore } from '../images/image-store.js'
import { type LogFloor, LogFloors } from '../images/log-floor.js'
import type { ClusterGround } from '../streams/setup.js'

export interface ImageRow {
  readonly shard: number
  /** Newest first. */
  readonly images: readonly StoredImage[]
  /** Of those, whether all that they are made of is in the stream. */
  readonly areWhole: boolean
  /** Absent: the log still begins with the shard. */
  readonly floor?: LogFloor
}

/** One a shard, in their order. */
export async function readImages(site: {
  readonly connection: ClusterConnection
  readonly ground: ClusterGround
  readonly clock: Clock
  readonly limits: Limits
}): Promise<readonly ImageRow[]> {
  const store = new ImageStore(site)
  const floors = new LogFloors(site.connection, site.ground)
  return Promise.all(
    Array.from({ length: site.ground.shards }, async (_, shard): Promise<ImageRow> => {
      const [images, floor] = await Promise.all([store.kept(shard), floors.get(shard)])
      const whole = await store.whole(shard, images)
      return {
        shard,
        images,
        areWhole: whole.length === images.length,
        ...(floor === undefined ? {} : { floor }),
      }
    }),
  )
}
