/** Arguments of the command line, one by one: what is taken, and what is refused. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { addressOf } from '../../../actors/address.js'
import {
  address,
  duration,
  eventOf,
  json,
  payload,
  port,
  wholeNumber,
} from '../../../runtime/cli/arguments.js'

function refuses(read: (text: string) => unknown, ...texts: string[]): void {
  for (const text of texts)
    assert.throws(() => read(text), { name: 'InvalidArgumentError' }, `took '${text}'`)
}

describe('arguments', () => {
  it('durations have a unit', () => {
    const taken = ['500ms', '10s', '5m', '1h', '1.5h', '2d', '0s'].map(duration)
    assert.deepEqual(taken, [500, 10_000, 300_000, 3_600_000, 5_400_000, 172_800_000, 0])
    refuses(duration, '', '10', '-1s', '1 h', '1w', 's', '1e3s', '10s5m', 'Infinityh')
  })

  it('numbers are whole and not negative', () => {
    assert.deepEqual(['0', '12'].map(wholeNumber), [0, 12])
    refuses(wholeNumber, '', ' ', '-1', '1.5', 'many', '1e99')
    assert.deepEqual(['0', '65535'].map(port), [0, 65_535])
    refuses(port, '65536', '-1')
  })

  it("an event's fields are an object without a type", () => {
    assert.deepEqual(eventOf('GO', payload('{"by":"ann","n":[1]}')), { type: 'GO', by: 'ann', n: [1] })
    assert.deepEqual(json('null'), null)
    refuses(payload, '{by:1}', '[1]', '"x"', 'null', '{"type":"STOP"}')
  })

  it('an actor is named as it is written, encoded or not', () => {
    assert.equal(address('order/o-1'), 'order/o-1')
    assert.equal(address('cart/c 1'), 'cart/c%201')
    assert.equal(address('cart/c%201'), 'cart/c%201')
    assert.equal(address('cart/100%'), 'cart/100%25')
    assert.equal(address('order/o-1/parcel/a.b'), 'order/o-1/parcel/a%2Eb')
    refuses(address, '', 'order', 'order/', '/o-1', 'order/o-1/', 'order//x', `order/${'k'.repeat(300)}`)
  })

  it('what lists print can be given back', () => {
    const token = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
      .filter(text => text.isWellFormed())
    fc.assert(
      fc.property(token, token, (type, key) => {
        const written = addressOf(type, key)
        assert.equal(address(written), written)
      }),
    )
  })
})
