/**
 * `perdure demo`: orders through the pipeline, with crashes, and the closing table.
 */

import { Command, InvalidArgumentError } from 'commander'
import { toErrorValue } from '../../../actors/codec.js'
import type { DemoOptions } from '../../demo/demo.js'
import { openDemoDirectory } from '../../demo/demo-directory.js'
import { type GatewayFaults, parseFaults } from '../../demo/gateway/faults.js'
import { SystemClock } from '../../system-clock.js'
import { wholeNumber } from '../arguments.js'
import { exitCodes } from '../exit-codes.js'
import { InterruptedError } from '../interrupted-error.js'
import { taught } from '../teaching.js'

/** About half a minute on two cores, with twenty kills. */
const ordersUnlessSaid = 3_000

interface Flags {
  readonly orders: number
  readonly seed: number
  readonly input?: string
  readonly kill: number
  readonly gatewayMs: number
  readonly gatewayFaults?: Partial<GatewayFaults>
  readonly path?: string
  readonly keep?: boolean
  readonly json?: boolean
}

export function demoCommand(): Command {
  const command = new Command('demo')
    .summary('orders, crashes, and the count of what was lost')
    .description('Run orders from purchase to doorstep, kill the process meanwhile, and count what was lost.')
    .option('--orders <n>', 'how many orders to make up', wholeNumber, ordersUnlessSaid)
    .option(
      '--seed <n>',
      'what to make them up from; the same seed, the same orders and kills',
      wholeNumber,
      1,
    )
    .option('--input <file>', 'orders from a file instead, one JSON record a line, in order of time')
    .option('--kill <n>', 'kill -9 the runtime process that often, at random moments', wholeNumber, 0)
    .option('--gateway-ms <ms>', 'how long the payment gateway takes to answer', wholeNumber, 0)
    .option(
      '--gateway-faults <list>',
      'shares of requests it fails at, as in timeout=0.3,5xx=0.1,hang=0.01,drop=0.01,decline=0.02,latency=20',
      faults,
    )
    .option('--path <dir>', 'keep journal, ledger and logs there (new or empty)')
    .option('--keep', 'keep the temporary directory')
    .option('--json', 'end with one line of JSON')
    .action(demo)
  return taught(command, [
    'demo',
    'demo --kill 20 --gateway-faults timeout=0.3,5xx=0.1',
    'demo --orders 10000 --kill 20 --path ./demo && perdure stats --path ./demo',
  ])
}

async function demo(flags: Flags): Promise<void> {
  const { demoJson, demoTable, isFaultless, runDemo, showProgress } = await import('../demo-program.js')
  const directory = await openDemoDirectory(flags)
  const screen = process.stdout
  const interruption = new AbortController()
  const interrupt = () => interruption.abort(new InterruptedError())
  process.once('SIGINT', interrupt)
  process.once('SIGTERM', interrupt)
  try {
    const options = { ...demoOptions(flags, directory.path), signal: interruption.signal }
    const result = await runDemo(options, showProgress(screen, new SystemClock()))
    screen.write(`${demoTable(result, screen.isTTY && screen.hasColors())}\n`)
    if (directory.isKept) screen.write(`kept in ${directory.path}\n`)
    if (flags.json) screen.write(`${JSON.stringify(demoJson(result))}\n`)
    if (!isFaultless(result)) process.exitCode = exitCodes.no
  } finally {
    process.off('SIGINT', interrupt)
    process.off('SIGTERM', interrupt)
    await directory.leave()
  }
}

function demoOptions(flags: Flags, directory: string): DemoOptions {
  const { orders, seed, input, kill, gatewayMs, gatewayFaults } = flags
  const faults = { latency: gatewayMs, ...gatewayFaults }
  return { orders, seed, kills: kill, faults, directory, ...(input === undefined ? {} : { input }) }
}

function faults(text: string): Partial<GatewayFaults> {
  try {
    return parseFaults(text)
  } catch (error) {
    throw new InvalidArgumentError(`${toErrorValue(error).message}.`)
  }
}
