/**
 * A member in a process of its own (cluster-member.ts), told by its arguments: the setting as JSON. It prints what
 * it owns every few milliseconds, and after a freeze whether its lease holds, before anything else ran.
 */
import { writeSync } from 'node:fs'
import { type OwnerSetting, ShardOwner } from './cluster-member.js'

const setting = JSON.parse(process.argv[2] ?? '{}') as OwnerSetting
const owner = await ShardOwner.join(setting)
const print = (line: object): void => {
  writeSync(1, `${JSON.stringify(line)}\n`)
}
const { membership } = owner
print({ joined: true })

// Spins rather than waits: what is found right after a freeze is found before any timer or message of the thaw.
let last = performance.now()
const spin = (): void => {
  for (const end = performance.now() + 15; performance.now() < end; ) {
    const now = performance.now()
    if (now - last > 1_000) print({ thawed: now - last, isValid: membership.isValid() })
    last = now
  }
  owner.sample()
  const [sample] = owner.samples.splice(0).slice(-1)
  if (sample !== undefined) print({ ...sample, ...membership.validity(), atNs: String(sample.atNs) })
  setImmediate(() => setImmediate(spin))
}
spin()
