/**
 * The 32 bits a step's randomness is derived from: a mix of what names the entry for good, so that a
 * replay finds the same without it being stored.
 */
export function seedOf(incarnation: number, seq: number): number {
  let h = Math.imul(incarnation ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(seq + 0x165667b1, 0xc2b2ae35)
  h ^= h >>> 15
  h = Math.imul(h, 0x2c1b3c6d)
  h ^= h >>> 12
  h = Math.imul(h, 0x297a2d39)
  return (h ^ (h >>> 15)) >>> 0
}
