/** A program that runs a runtime on the directory it is given, until it is killed. */
import { createRuntime, defineActor } from '../../runtime/index.js'
import { counterMachine } from './engine-counter.js'

export const counter = defineActor({ machine: counterMachine, version: '1', create: () => ({ from: 0 }) })

const path = process.argv[2]
if (path !== undefined && process.argv[1]?.endsWith('control-child.js')) {
  await createRuntime({ actors: [counter], path })
  process.stdout.write('ready\n')
}
