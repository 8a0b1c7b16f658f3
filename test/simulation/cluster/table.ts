/** Who owns which shard, and which lives of members are not over: what a cluster keeps in its table of shards. */
import type { Owner } from '../scheduler.js'

export interface Holding {
  owner: Owner | undefined
  epoch: number
  /** Whether it was released, and whether all that was begun is away or ended then. */
  isLeft: boolean
  isLeftInOrder: boolean
}

export class Table {
  readonly lives = new Set<string>()
  readonly shards: readonly Holding[]

  constructor(shards: number) {
    this.shards = Array.from({ length: shards }, () => ({
      owner: undefined,
      epoch: 0,
      isLeft: true,
      isLeftInOrder: true,
    }))
  }

  owns(shard: number, owner: Owner, epoch: number): boolean {
    const holding = this.shards[shard]
    return holding?.owner === owner && holding.epoch === epoch
  }

  claim(shard: number, owner: Owner): { epoch: number; wasKilled: boolean; isInOrder: boolean } {
    const holding = this.shards[shard]!
    const left = { wasKilled: !holding.isLeft, isInOrder: holding.isLeftInOrder }
    Object.assign(holding, { owner, epoch: holding.epoch + 1, isLeft: false, isLeftInOrder: false })
    return { epoch: holding.epoch, ...left }
  }

  release(shard: number, owner: Owner, isInOrder: boolean): void {
    const holding = this.shards[shard]!
    if (holding.owner === owner)
      Object.assign(holding, { owner: undefined, isLeft: true, isLeftInOrder: isInOrder })
  }
}
