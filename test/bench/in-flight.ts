/**
 * Does the same for many numbers with a bounded count in flight, in their order, telling how far it is.
 */

const STEPS_TOLD = 10

export async function inFlight(
  total: number,
  atOnce: number,
  work: (n: number) => Promise<unknown>,
  told: (share: string) => void,
): Promise<void> {
  let next = 0
  let done = 0
  const worker = async () => {
    while (next < total) {
      await work(next++)
      done++
      if (done % Math.ceil(total / STEPS_TOLD) === 0) told(`${Math.round((done / total) * 100)} %`)
    }
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, total) }, worker))
}
