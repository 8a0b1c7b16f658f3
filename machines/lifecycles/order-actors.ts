/**
 * The actors that order processing is made of, as definitions for a runtime. Both are born by the first
 * event they are sent, whatever it is.
 */
import { defineActor } from '../define-actor.js'
import { orderMachine } from './order.js'
import { type OrderServices, orderActivities } from './order-activities.js'
import { riskProfileStore, riskProfileType, riskQuestion } from './risk-profile.js'

/** Order actors, keyed by order id, that act through the services given. */
export function orderActor(services: OrderServices) {
  return defineActor({
    machine: orderMachine.provide({ actors: orderActivities(services) }),
    version: '1',
    create: key => ({ orderId: key }),
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
