/**
 * `npm run bench`: all benches, or those named, a table each; `npm run -s bench -- order --json`: a line of
 * JSON a measurement. Progress goes to stderr.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command, InvalidArgumentError, Option } from 'commander'
import type { Bench, BenchOptions, Line } from './bench.js'
import { clusterBench } from './cluster/cluster.js'
import { coldBench } from './cluster/cold.js'
import { executorBench } from './executor.js'
import { growthBench } from './growth.js'
import { historyBench } from './history.js'
import { idleBench } from './idle.js'
import { journalBench } from './journal.js'
import { orderBench } from './order.js'
import { recoveryBench } from './recovery.js'
import { jsonLine, table } from './report.js'

const benches: readonly Bench[] = [
  orderBench,
  idleBench,
  historyBench,
  recoveryBench,
  growthBench,
  executorBench,
  journalBench,
  clusterBench,
  coldBench,
]

interface Flags extends Omit<BenchOptions, 'directory' | 'progress'> {
  readonly json?: boolean
}

await new Command('bench')
  .description('measures Perdure on this machine')
  .argument('[name...]', `of: ${benches.map(bench => bench.name).join(', ')}`)
  .option('--json', 'a line of JSON a measurement instead of tables')
  .option('--seconds <n>', 'length of a steady run', positive, 60)
  .option(
    '--orders <n>',
    'orders in flight at once (order, growth: 256; cluster: 512; recovery: 100000)',
    positive,
  )
  .option(
    '--actors <n>',
    'actors that are there (idle: 1000000), orders of which a tenth is live (cold: 1000000, cluster: 0)',
    positive,
  )
  .option('--entries <n>', 'entries of one actor (history)', positive, 1_000_000)
  .addOption(
    new Option('--dimension <name>', 'what grows (growth); all when absent').choices([
      'orders',
      'contextKb',
      'shards',
    ]),
  )
  .option('--most <n>', 'largest size of a dimension (growth)', positive, 5_000_000)
  .option('--sync-always', 'the server syncs each append (cluster)')
  .option('--floor', 'the same messages, and nothing done for them (cluster)')
  .option('--shards <n>', 'shards of the member (cluster: 16, cold: 64)', positive)
  .option('--profiles <directory>', 'leave profiles of member and client there (cluster)')
  .action(runNamed)
  .parseAsync()

async function runNamed(names: readonly string[], flags: Flags): Promise<void> {
  const unknown = names.filter(name => !benches.some(bench => bench.name === name))
  if (unknown.length > 0) {
    console.error(
      `no bench ${unknown.join(', ')}: expected of ${benches.map(bench => bench.name).join(', ')}`,
    )
    process.exitCode = 2
    return
  }
  const progress = (what: string) => console.error(`· ${what}`)
  progress(machine())
  for (const bench of benches.filter(one => names.length === 0 || names.includes(one.name))) {
    const directory = mkdtempSync(join(tmpdir(), `perdure-bench-${bench.name}-`))
    try {
      const lines: Line[] = []
      for await (const line of bench.run({ ...flags, directory, progress })) {
        lines.push(line)
        if (flags.json === true) console.log(jsonLine(line))
      }
      if (flags.json !== true) console.log(`${table(bench.question, lines)}\n`)
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
  }
}

function positive(text: string): number {
  const value = Number(text)
  if (!(value > 0)) throw new InvalidArgumentError('expected a number above 0')
  return value
}

/** What the figures hold for; neighbours that keep the machine busy show in the load. */
function machine(): string {
  const load = loadavg()[0] ?? 0
  return `Node ${process.version}, ${availableParallelism()} × ${cpus()[0]?.model ?? 'processor'}, load ${load.toFixed(1)}`
}
