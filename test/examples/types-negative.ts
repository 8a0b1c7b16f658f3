// Typing mistakes a user makes. It compiles only because every line below an expected error has one;
// it is never run.
import { createRuntime, asks, activity } from 'perdure'
import { order, profile } from './order.js'
import { setup } from 'xstate'
const rt = await createRuntime({ actors: [order, profile] }); const o = rt.actor(order, 'x')
// @ts-expect-error
o.send({ type: 'APROVE' })
// @ts-expect-error
o.ask({ type: 'APPROVE', by: 'x' }, { until: s => s.matches('nope') })
// @ts-expect-error
o.start({ orderId: 'x' })
const n: number = await rt.actor(profile, 'c').select('risk'); void n
// @ts-expect-error
rt.actor(profile, 'c').select('nope')
o.on('DECIDED', e => e.risk.toFixed())
// @ts-expect-error
o.on('NOPE', () => {})
const a = asks(profile, 'risk')
// @ts-expect-error
asks(profile, 'nope')
const wrong = activity(async ({ input }: { input: { a: number } }) => input.a)
setup({ actors: { wrong, a } }).createMachine({ context: {}, initial: 'x', states: { x: { 
// @ts-expect-error
invoke: { src: 'wrong', input: { a: 'no' } } }, y: { invoke: { src: 'a', input: { key: 'k', event: { type: 'SCORE', amount: 1 } }, onDone: { actions: ({ event }) => event.output.toFixed() } } } } })
// the engine's own events cannot be sent
// @ts-expect-error
o.send({ type: 'xstate.after.1000.order.shipping' })
