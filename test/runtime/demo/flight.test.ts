import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Flight } from '../../../runtime/demo/flight.js'
import type { OrderCommand } from '../../../runtime/demo/order-record.js'

function command(nth: number): OrderCommand {
  return { id: `o-1:${nth}`, orderId: 'o-1', event: { type: 'DELIVERED', at: 0 } }
}

describe('commands in flight', () => {
  it('are bounded: the next waits until one is settled', async () => {
    const flight = new Flight(2, { elapsed: () => 0 })
    flight.send(command(1))
    flight.send(command(2))
    let hasRoom = false
    const room = flight.room().then(() => {
      hasRoom = true
    })
    flight.noteApplied('o-1:1')
    await new Promise(setImmediate)
    assert.equal(hasRoom, false)
    flight.noteSettled('o-1:1')
    await room
    assert.equal(flight.size, 1)
  })

  it('know what to send again, in the order it was sent', () => {
    const flight = new Flight(9, { elapsed: () => 0 })
    for (const nth of [1, 2, 3, 4]) flight.send(command(nth))
    flight.noteApplied('o-1:2')
    flight.noteApplied('o-1:3')
    flight.noteSettled('o-1:3')
    assert.deepEqual(
      flight.unapplied.map(({ id }) => id),
      ['o-1:1', 'o-1:4'],
    )
    assert.deepEqual(
      flight.unsettled.map(({ id }) => id),
      ['o-1:2'],
    )
  })

  it('count once, however often they are acknowledged', () => {
    const flight = new Flight(9, { elapsed: () => 0 })
    flight.send(command(1))
    flight.noteApplied('o-1:1')
    flight.noteApplied('o-1:1')
    flight.noteSettled('o-1:1')
    flight.noteSettled('o-1:1')
    flight.noteApplied('o-1:1')
    assert.deepEqual([flight.applied, flight.size], [1, 0])
  })

  it('are timed from their first sending', () => {
    let now = 0
    const flight = new Flight(200, { elapsed: () => now })
    for (let nth = 1; nth <= 100; nth++) flight.send(command(nth))
    for (let nth = 1; nth <= 100; nth++) {
      now = nth
      flight.noteApplied(`o-1:${nth}`)
    }
    now = 1_000
    for (let nth = 1; nth <= 100; nth++) flight.noteSettled(`o-1:${nth}`)
    const { p50, p99 } = flight.sendToAppliedMs
    assert.ok(Math.abs(p50 - 50) < 1 && Math.abs(p99 - 99) < 1, `${p50} ${p99}`)
    assert.ok(Math.abs(flight.sendToSettledMs.p50 - 1_000) < 2)
  })
})
