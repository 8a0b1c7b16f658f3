/**
 * The actors that order processing is made of, as definitions for a runtime. Both are born by the first
 * event they are sent, whatever it is.
 *
 * An order keeps the version it was born on: `orderV2` brings a new fraud model and carries `orderV1` along
 * for the orders in flight, which are judged by the model they started with.
 */
import { defineActor } from '../define-actor.js'
import { fraudAgent2 } from './fraud-agent.js'
import { orderMachine } from './order.js'
import { type OrderServices, orderActivities } from './order-activities.js'
import { orderSchemas } from './order-schemas.js'
import { riskProfileStore, riskProfileType, riskQuestion } from './risk-profile.js'

const door = {
  create: (key: string) => ({ orderId: key }),
  schemas: { events: orderSchemas },
}

/** Order actors, keyed by order id, that act through the services given. */
export function orderV1(services: OrderServices) {
  return defineActor({
    machine: orderMachine.provide({ actors: orderActivities(services) }),
    version: '1',
    ...door,
  })
}

/** The same with the second fraud model. */
export function orderV2(services: OrderServices) {
  return defineActor({
    machine: orderMachine.provide({ actors: { ...orderActivities(services), fraudAgent: fraudAgent2 } }),
    version: '2',
    previous: [orderV1(services)],
    ...door,
  })
}

/** Risk profiles, keyed by customer. */
export const riskProfileActor = defineActor({
  store: riskProfileStore,
  type: riskProfileType,
  create: () => undefined,
  version: '1',
  selectors: { [riskQuestion]: snapshot => snapshot.context.features },
})
