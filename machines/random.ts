/**
 * The random numbers of a step: xoshiro128** (Blackman and Vigna), its 128 bits of state filled by splitmix32
 * from a 32-bit seed. Good statistics, any process gives the same numbers. Not a secret: whoever knows the
 * seed knows them all.
 */

/** Answers the next 32 random bits, as an unsigned integer. */
export type RandomBits = () => number

/** The generator a seed stands for. Only the lower 32 bits of the seed count. */
export function randomBits(seed: number): RandomBits {
  let mixed = seed | 0
  const fill = (): number => {
    mixed = (mixed + 0x9e3779b9) | 0
    let word = mixed ^ (mixed >>> 16)
    word = Math.imul(word, 0x21f0aaad)
    word ^= word >>> 15
    word = Math.imul(word, 0x735a2d97)
    return word ^ (word >>> 15)
  }
  let a = fill()
  let b = fill()
  let c = fill()
  let d = fill()
  return () => {
    const scrambled = Math.imul(rotate(Math.imul(b, 5), 7), 9)
    const shifted = b << 9
    c ^= a
    d ^= b
    b ^= c
    a ^= d
    c ^= shifted
    d = rotate(d, 11)
    return scrambled >>> 0
  }
}

/** A number in [0, 1) with 53 random bits, as `Math.random` gives. */
export function randomFraction(bits: RandomBits): number {
  const high = bits() >>> 5
  const low = bits() >>> 6
  return (high * 0x4000000 + low) / 0x20000000000000
}

/** A version 4 UUID. */
export function randomUuid(bits: RandomBits): string {
  const words = [bits(), bits(), bits(), bits()] as const
  const hex = [words[0], (words[1] & 0xffff0fff) | 0x4000, (words[2] & 0x3fffffff) | 0x80000000, words[3]]
    .map(word => (word >>> 0).toString(16).padStart(8, '0'))
    .join('')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}

function rotate(word: number, by: number): number {
  return (word << by) | (word >>> (32 - by))
}
