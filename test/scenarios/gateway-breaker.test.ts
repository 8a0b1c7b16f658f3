/**
 * The breaker as orders meet it: a runtime whose gateway is dead asks it seldom, and its orders go on by
 * themselves once it is well again.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { it } from 'node:test'
import { orderV1, riskProfileActor } from '../../machines/lifecycles/order-actors.js'
import type { CircuitName } from '../../runtime/demo/gateway/circuit-breaker.js'
import { countLedger } from '../../runtime/demo/gateway/ledger.js'
import { startGateway } from '../../runtime/demo/gateway/start-gateway.js'
import { openOrderWorld } from '../../runtime/demo/order-world.js'
import { createRuntime } from '../../runtime/index.js'
import { approved, purchased } from '../machines/lifecycles/order-life.js'
import { gate } from '../support/engine-world.js'

it('orders outlast a dead gateway, which is asked seldom meanwhile', async t => {
  const directory = mkdtempSync(join(tmpdir(), 'perdure-breaker-'))
  const ledger = join(directory, 'ledger.ndjson')
  const gateway = await startGateway({ ledger, log: join(directory, 'log'), faults: { '5xx': 1 } })
  const states: CircuitName[] = []
  const thirdProbe = gate()
  const world = await openOrderWorld({
    directory,
    gatewayPort: gateway.port,
    answerMsMax: gateway.answerMsMax,
    onCircuit: state => {
      states.push(state)
      if (states.filter(each => each === 'half open').length === 3) thirdProbe.open()
    },
    review: async () => {},
  })
  const order = orderV1(world.services)
  const path = join(directory, 'journal')
  const runtime = await createRuntime({ actors: [order, riskProfileActor], path, control: false })
  const handles = Array.from({ length: 100 }, (_, nth) => ({
    nth,
    handle: runtime.actor(order, `o-${nth}`),
  }))
  try {
    const charging = handles.map(async ({ handle, nth }) => {
      await handle.send(purchased({ customer: `c-${nth}` }))
      await handle.ask(approved, { until: ({ value }) => JSON.stringify(value).includes('charging') })
    })
    await Promise.all(charging)
    // Until the breaker has let three probes through: by then each order has tried several times.
    await thirdProbe.opened
    const asked = (await countLedger(ledger)).requests
    const tried = await attemptsOf(handles.map(({ handle }) => handle))
    t.diagnostic(`${tried} attempts failed, ${asked} requests went out`)
    assert.ok(tried > 200, `only ${tried} attempts`)
    // The first ones were on their way before the breaker knew.
    assert.ok(asked <= 100 + states.length, `${asked} requests`)

    await gateway.misbehave({ '5xx': 0 })
    const paid = handles.map(({ handle }) =>
      handle.waitFor(({ value }) => JSON.stringify(value).includes('awaitingCarrier'), { timeoutMs: 20_000 }),
    )
    await Promise.all(paid)
    assert.equal(states.at(-1), 'closed')
    const { charges, duplicateCharges } = await countLedger(ledger)
    assert.deepEqual([charges, duplicateCharges], [100, 0])
  } finally {
    await runtime.stop()
    await world.close()
    await gateway.stop()
    rmSync(directory, { recursive: true })
  }
})

interface WithHistory {
  history(): AsyncIterable<{ readonly command: { readonly kind: string } }>
}

/** Results of attempts so far: each order had three before it came to charging, and none that succeeded since. */
async function attemptsOf(handles: readonly WithHistory[]): Promise<number> {
  let results = 0
  for (const handle of handles)
    for await (const { command } of handle.history()) if (command.kind === 'result') results++
  return results - 3 * handles.length
}
