/** The breaker alone: when it opens, and when it does not. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { CircuitBreaker, type CircuitName } from '../../../../runtime/demo/gateway/circuit-breaker.js'
import { RefusedError } from '../../../../runtime/demo/gateway/gateway-client.js'

const fails = () => Promise.reject(new Error('down'))

describe('a circuit breaker', () => {
  it('opens when requests fail, and turns away whoever comes then', async () => {
    const states: CircuitName[] = []
    const breaker = new CircuitBreaker(state => states.push(state))
    while (breaker.state === 'closed') await assert.rejects(breaker.run(fails), { message: 'down' })
    let asked = 0
    const turnedAway = breaker.run(async () => asked++)
    await assert.rejects(turnedAway, {
      code: 'BrokenCircuit',
      message: 'gateway: not asked, since its circuit is open',
    })
    assert.deepEqual([asked, states, breaker.state], [0, ['open'], 'open'])
  })

  it('stays closed while half of them are answered, however bunched, and takes a refusal for an answer', async () => {
    const breaker = new CircuitBreaker(() => assert.fail('it opened'))
    const declined = () => Promise.reject(new RefusedError('/charges', 402, 'declined'))
    for (let nth = 0; nth < 60; nth++) await assert.rejects(breaker.run(declined))
    for (let nth = 0; nth < 60; nth++) await breaker.run(async () => 'well')
    for (let nth = 0; nth < 60; nth++) await assert.rejects(breaker.run(fails))
    assert.equal(breaker.state, 'closed')
  })
})
