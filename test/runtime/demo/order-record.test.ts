import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { commandOf, parseRecord, timeOf, writtenTime } from '../../../runtime/demo/order-record.js'

const line = JSON.stringify({
  ts: '2018-05-17 12:30:01',
  order_id: 'o-1',
  type: 'PURCHASED',
  final_status: 'delivered',
  customer: 'c-1',
  items: [],
  payments: [{ seq: 1, type: 'boleto', installments: 1, value: 5 }],
  estimated: '2018-06-01 00:00:00',
})

describe('a record', () => {
  it('becomes a command with its time in UTC, without what the shop knew at the end', () => {
    assert.deepEqual(commandOf(parseRecord(line, 'here'), 3), {
      id: 'o-1:3',
      orderId: 'o-1',
      event: {
        type: 'PURCHASED',
        at: Date.UTC(2018, 4, 17, 12, 30, 1),
        customer: 'c-1',
        items: [],
        payments: [{ seq: 1, type: 'boleto', installments: 1, value: 5 }],
        estimated: Date.UTC(2018, 5, 1),
      },
    })
  })

  it('has times that can be read back', () => {
    assert.equal(writtenTime(timeOf('2024-02-29 23:59:59')), '2024-02-29 23:59:59')
  })

  for (const [what, bad, says] of [
    ['no JSON', 'PURCHASED', /orders:7: expected a JSON object/],
    ['no object', '[1]', /orders:7: expected a JSON object/],
    ['no order id', '{"ts":"2018-05-17 12:30:01","type":"DELIVERED"}', /orders:7: .*order_id/],
    ['no time', '{"order_id":"o","ts":"yesterday","type":"DELIVERED"}', /orders:7: .*ts.*yesterday/],
    [
      'an unknown type',
      '{"order_id":"o","ts":"2018-05-17 12:30:01","type":"EATEN"}',
      /orders:7: .*PURCHASED.*EATEN/,
    ],
    [
      'an empty purchase',
      '{"order_id":"o","ts":"2018-05-17 12:30:01","type":"PURCHASED"}',
      /orders:7: .*customer/,
    ],
  ] as const)
    it(`that is ${what} is refused, and the message says where`, () => {
      assert.throws(() => parseRecord(bad, 'orders:7'), { code: 'InvalidEvent', message: says })
    })
})
