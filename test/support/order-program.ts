/**
 * A program that runs the order pipeline in real time, until it is killed. Arguments: a directory; the port
 * of its payment gateway, and how long that is given to answer, in milliseconds.
 */
import { join } from 'node:path'
import { orderV1, riskProfileActor } from '../../machines/lifecycles/order-actors.js'
import { openOrderWorld } from '../../runtime/demo/order-world.js'
import { createRuntime } from '../../runtime/index.js'

const [directory = '.', gatewayPort = '0', answerMsMax = '1000'] = process.argv.slice(2)
const world = await openOrderWorld({
  directory,
  gatewayPort: Number(gatewayPort),
  answerMsMax: Number(answerMsMax),
  onCircuit: state => console.log(`circuit ${state}`),
  review: async () => {},
})
await createRuntime({ actors: [orderV1(world.services), riskProfileActor], path: join(directory, 'journal') })
console.log('ready')
