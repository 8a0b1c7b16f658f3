/**
 * The order actors with one guard changed, under the same version: what `verify --actors` must find out.
 */
import { defineActor } from '../../machines/index.js'
import { orderMachine } from '../../machines/lifecycles/order.js'
import { noServices, orderActivities } from '../../machines/lifecycles/order-activities.js'

export { riskProfileActor } from '../../machines/lifecycles/order-actors.js'

export const order = defineActor({
  machine: orderMachine.provide({
    actors: orderActivities(noServices),
    guards: { isPaymentApproved: ({ context }) => context.purchase!.amount < 1 },
  }),
  version: '1',
  create: key => ({ orderId: key }),
})
