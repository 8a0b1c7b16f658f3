/** The demo's orders as a module, for commands that read its journal at rest. */
import { noServices } from '../../machines/lifecycles/order-activities.js'
import { orderV1 } from '../../machines/lifecycles/order-actors.js'

export const order = orderV1(noServices)
