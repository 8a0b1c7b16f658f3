/**
 * Holds what clients were told and what happened outside against what the log of a cluster says. The log is read as
 * it stands in the stream, by nobody's leave: neither a member nor a journal is asked.
 */
import assert from 'node:assert/strict'
import type { JournalEntry } from '../../actors/commit.js'
import { followCommits, type ReaderSite } from '../../cluster/log/commit-reader.js'
import { HEADER } from '../../cluster/log/log-message.js'
import { shardOf } from '../../cluster/shard-of.js'
import type { Run } from './faults/till.js'
import type { Acknowledged, Shown } from './faults/till-load.js'
import { until } from './until.js'

/** An entry, and under whose hand it became durable. */
interface Placed {
  readonly entry: JournalEntry
  readonly shard: number
  readonly member: string
  readonly epoch: number
}

/** An event as the world hears it. */
interface Heard {
  readonly address: string
  readonly seq: number
  readonly added: number
}

export interface History {
  readonly entries: readonly Placed[]
  readonly byActor: ReadonlyMap<string, readonly Placed[]>
  readonly heard: readonly Heard[]
  readonly reigns: readonly { readonly shard: number; readonly epoch: number; readonly member: string }[]
}

const READS_MAX = 20

/**
 * The whole log. What makes it one log is checked on the way: positions follow one another in each shard, epochs
 * never fall, and in each epoch one member commits, the one whose claim began it.
 */
export async function readHistory(site: ReaderSite): Promise<History> {
  const { connection, ground } = site
  const end = async () => (await connection.jsm.streams.info(ground.names.journalStream)).state.last_seq
  for (let reads = 0; reads < READS_MAX; reads++) {
    const before = await end()
    const history = await readOnce(site)
    // Shards are read one after the other: what one sent meanwhile would be heard in the next.
    if ((await end()) === before) return history
  }
  throw new Error(`the log did not come to rest while it was read ${READS_MAX} times`)
}

async function readOnce(site: ReaderSite): Promise<History> {
  const entries: Placed[] = []
  const reigns: { shard: number; epoch: number; member: string }[] = []
  for (let shard = 0; shard < site.ground.shards; shard++) {
    let position = 0
    let reign: { shard: number; epoch: number; member: string } | undefined
    const reader = followCommits(site, shard, undefined, ({ kind, epoch, member, commit }) => {
      if (kind === 'claim') {
        assert.ok(
          epoch > (reign?.epoch ?? 0),
          `shard ${shard}: a claim of epoch ${epoch} after ${reign?.epoch}`,
        )
        reign = { shard, epoch, member }
        reigns.push(reign)
      }
      assert.deepEqual({ shard, epoch, member }, reign, `shard ${shard}: somebody else commits`)
      if (commit === undefined) return
      if (commit.entries.length > 0) assert.equal(commit.first, position + 1, `shard ${shard}: a gap`)
      for (const entry of commit.entries) {
        assert.equal(entry.position, ++position)
        entries.push({ entry, shard, member, epoch })
      }
    })
    await reader.caughtUp()
    await reader.stop()
  }
  const byActor = new Map<string, Placed[]>()
  for (const placed of entries) {
    const { address } = placed.entry
    byActor.set(address, [...(byActor.get(address) ?? []), placed])
  }
  return { entries, byActor, heard: await heardOf(site, addedOf(entries).size), reigns }
}

/** A server that lost the log it copies from asks for it again after tens of seconds. */
const EVENTS_MS_MAX = 90_000

/** Everything in the stream of events, once there are so many: it copies from the log. */
async function heardOf({ connection, ground }: ReaderSite, countMin: number): Promise<Heard[]> {
  const stream = ground.names.eventsStream
  const count = await until(async () => {
    const { messages } = (await connection.jsm.streams.info(stream)).state
    return messages >= countMin ? messages : undefined
  }, EVENTS_MS_MAX)
  const consumer = await connection.js.consumers.get(stream)
  const heard: Heard[] = []
  while (heard.length < count)
    for await (const message of await consumer.fetch({ max_messages: count - heard.length, expires: 5_000 }))
      heard.push({
        address: message.headers?.get(HEADER.address) ?? '',
        seq: Number(message.headers?.get(HEADER.seq)),
        added: message.json<{ added: number }>().added,
      })
  return heard
}

/** What a till had counted after each entry, by address and seq. */
function addedOf(entries: readonly Placed[]): Map<string, number> {
  const counts = new Map<string, number>()
  const added = new Map<string, number>()
  for (const { entry } of entries) {
    const { command, address } = entry
    if (command.kind !== 'message' || command.event.type !== 'ADD') continue
    const count = (counts.get(address) ?? 0) + 1
    counts.set(address, count)
    added.set(`${address}@${entry.seq}`, count)
  }
  return added
}

/** Each command that was acknowledged is there, once, where it was said to be, and in the order of its sender. */
export function checkAcknowledged({ byActor }: History, acknowledged: readonly Acknowledged[]): void {
  const last = new Map<string, number>()
  for (const { address, id, position } of acknowledged) {
    const found = (byActor.get(address) ?? []).filter(({ entry }) => entry.command.commandId === id)
    assert.deepEqual(
      found.map(({ entry }) => entry.position),
      [position],
      `${address}: command ${id} was acknowledged at ${position}`,
    )
    const { seq } = found[0]!.entry
    assert.ok(seq > (last.get(address) ?? 0), `${address}: command ${id} came before the one sent before it`)
    last.set(address, seq)
  }
  for (const [address, placed] of byActor)
    assert.deepEqual(
      placed.map(({ entry }) => entry.seq),
      placed.map((_, index) => index + (placed[0]?.entry.seq ?? 0)),
      `${address}: its entries follow one another`,
    )
}

/** Each state that anybody was shown is one that the entries before it make. */
export function checkShown({ byActor }: History, shown: readonly Shown[]): void {
  const states = new Map<string, number>()
  for (const [address, placed] of byActor) {
    let added = 0
    for (const { entry } of placed) {
      if (entry.command.kind === 'message' && entry.command.event.type === 'ADD') added++
      states.set(`${address}@${entry.seq}`, added)
    }
  }
  for (const { address, seq, added } of shown)
    assert.equal(added, states.get(`${address}@${seq}`), `${address}: a state after entry ${seq}`)
}

/** Each count is heard of once, as it was. */
export function checkHeard({ entries, heard }: History): void {
  const said = new Map(heard.map(({ address, seq, added }) => [`${address}@${seq}`, added]))
  assert.equal(heard.length, said.size, 'an event was heard twice')
  assert.deepEqual([...said].sort(), [...addedOf(entries)].sort())
}

/**
 * Nothing ran that the log does not know: a print only once its beginning was committed, by the member that ran it,
 * and never twice; a payment only of a till that was told to pay. What came of each is taken once.
 */
export function checkRuns({ entries, byActor }: History, runs: readonly Run[]): void {
  const begun = new Map<string, string>()
  const ended = new Map<string, number>()
  for (const { entry, member } of entries) {
    const { command } = entry
    if (command.kind === 'operator' && command.order.type === 'attempt')
      begun.set(keyOf(command.order.token), member)
    if (command.kind === 'result' && command.outcome.status === 'done' && entry.outcome === 'applied')
      ended.set(keyOf(command.token), (ended.get(keyOf(command.token)) ?? 0) + 1)
  }
  for (const [key, count] of ended) assert.equal(count, 1, `${key}: its result was taken ${count} times`)
  const printed = runs.filter(({ work, what }) => work === 'print' && what === 'begun')
  assert.deepEqual(twice(printed.map(({ key }) => key)), [], 'prints that ran twice')
  for (const { key, member } of printed)
    assert.equal(begun.get(key), member, `print ${key} ran on ${member} without a commit of its own`)
  const paid = runs.filter(({ work, what }) => work === 'pay' && what === 'begun')
  assert.deepEqual(twice(paid.map(({ key }) => key)), [], 'payments made twice')
  for (const { key } of paid) {
    const told = (byActor.get(key.slice(0, key.lastIndexOf(':'))) ?? []).some(
      ({ entry: { command } }) => command.kind === 'message' && command.event.type === 'PAY',
    )
    assert.ok(told, `payment ${key} was made of a till that was never told to pay`)
  }
  const made = new Set(runs.filter(({ what }) => what === 'begun').map(({ key }) => key))
  for (const key of ended.keys()) assert.ok(made.has(key), `${key}: a result of work that never ran`)
}

interface Token {
  readonly actor: string
  readonly incarnation: number
  readonly epoch: number
  readonly task: number
}

/** As `idempotencyKeyOf` makes it; the address part holds no colon that is the last. */
function keyOf({ actor, incarnation, epoch, task }: Token): string {
  return `${actor}:${incarnation}.${epoch}.${task}`
}

function twice(keys: readonly string[]): string[] {
  return keys.filter((key, index) => keys.indexOf(key) !== index)
}

/** What tills sent to tallies of other shards, and of their own, came once. */
export function checkSent({ entries, byActor }: History, shards: number): void {
  const sent = new Map<string, number>()
  let across = 0
  for (const { entry, shard } of entries) {
    const { command } = entry
    if (command.kind !== 'message' || command.event.type !== 'ADD') continue
    const target = `tally/${String(command.event.tally)}`
    sent.set(target, (sent.get(target) ?? 0) + 1)
    if (shardOf(target, shards) !== shard) across++
  }
  assert.ok(across > 0, 'nothing went between shards')
  for (const [target, count] of sent)
    assert.equal(
      (byActor.get(target) ?? []).filter(({ entry }) => entry.command.kind === 'message').length,
      count,
      `${target}: how often it heard`,
    )
}
