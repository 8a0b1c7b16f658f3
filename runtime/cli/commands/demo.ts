/**
 * `perdure demo`: orders through the pipeline, with crashes, and the closing table.
 */

import { Command, InvalidArgumentError } from 'commander'
import { toErrorValue } from '../../../actors/codec.js'
import type { DemoOptions } from '../../demo/demo.js'
import { openDemoDirectory } from '../../demo/demo-directory.js'
import { type GatewayFaults, parseFaults } from '../../demo/gateway/faults.js'
import { SystemClock } from '../../system-clock.js'
import { wholeNumber, wholeNumberFrom1 } from '../arguments.js'
import { exitCodes } from '../exit-codes.js'
import { InterruptedError } from '../interrupted-error.js'
import { taught } from '../teaching.js'

/** About half a minute on two cores, with twenty kills. */
const ordersUnlessSaid = 3_000
/** The same on a cluster, where an order takes the time it takes; one member is killed. */
const onCluster = { orders: 500, kills: 1 }

interface Flags {
  readonly orders?: number
  readonly seed: number
  readonly input?: string
  readonly kill?: number
  readonly cluster?: number
  readonly nats?: string
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
    .option(
      '--orders <n>',
      `how many orders to make up (${ordersUnlessSaid}; on a cluster ${onCluster.orders})`,
      wholeNumber,
    )
    .option(
      '--seed <n>',
      'what to make them up from; the same seed, the same orders and kills',
      wholeNumber,
      1,
    )
    .option('--input <file>', 'orders from a file instead, one JSON record a line, in order of time')
    .option(
      '--kill <n>',
      'kill -9 the runtime process that often (not at all; on a cluster once)',
      wholeNumber,
    )
    .option('--cluster <members>', 'run on a cluster of so many members, in real time', wholeNumberFrom1)
    .option('--nats <url>', 'the NATS server of the cluster; one is found or fetched when absent')
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
    'demo --cluster 3',
    'demo --orders 10000 --kill 20 --path ./demo && perdure stats --path ./demo',
  ])
}

async function demo(flags: Flags): Promise<void> {
  const directory = await openDemoDirectory(flags)
  const screen = process.stdout
  const interruption = new AbortController()
  const interrupt = () => interruption.abort(new InterruptedError())
  process.once('SIGINT', interrupt)
  process.once('SIGTERM', interrupt)
  try {
    const options = { ...demoOptions(flags, directory.path), signal: interruption.signal }
    const shown = await (flags.cluster === undefined ? alone(options) : together(options, flags))
    screen.write(`${shown.table}\n`)
    if (directory.isKept) screen.write(`kept in ${directory.path}\n`)
    if (flags.json) screen.write(`${JSON.stringify(shown.json)}\n`)
    if (!shown.isFaultless) process.exitCode = exitCodes.no
  } finally {
    process.off('SIGINT', interrupt)
    process.off('SIGTERM', interrupt)
    await directory.leave()
  }
}

/** What is shown of a run. */
interface Shown {
  readonly table: string
  readonly json: object
  readonly isFaultless: boolean
}

async function alone(options: DemoOptions): Promise<Shown> {
  const { demoJson, demoTable, isFaultless, runDemo, showProgress } = await import('../demo-program.js')
  const result = await runDemo(options, showProgress(process.stdout, new SystemClock()))
  return { table: demoTable(result, isColourful()), json: demoJson(result), isFaultless: isFaultless(result) }
}

async function together(options: DemoOptions, { cluster = 1, nats }: Flags): Promise<Shown> {
  const { clusterDemoJson, clusterDemoTable, isClusterFaultless, runClusterDemo, showProgress } =
    await import('../demo-program.js')
  const result = await runClusterDemo(
    { ...options, members: cluster, ...(nats === undefined ? {} : { servers: nats }) },
    showProgress(process.stdout, new SystemClock()),
  )
  const table = clusterDemoTable(result, isColourful())
  return { table, json: clusterDemoJson(result), isFaultless: isClusterFaultless(result) }
}

function isColourful(): boolean {
  return process.stdout.isTTY && process.stdout.hasColors()
}

function demoOptions(flags: Flags, directory: string): DemoOptions {
  const usual = flags.cluster === undefined ? { orders: ordersUnlessSaid, kills: 0 } : onCluster
  const { orders = usual.orders, seed, input, kill = usual.kills, gatewayMs, gatewayFaults } = flags
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
