/** `perdure start`: runs a runtime with the definitions of a module until it is told to stop. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Command, Option } from 'commander'
import { behaviour, type Definition } from '../../../actors/definition.js'
import { SetupError } from '../../../actors/errors.js'
import type { AnyDefinition } from '../../../machines/index.js'
import type { InspectOptions } from '../../inspect/options.js'
import { packageVersion } from '../../package-version.js'
import { each, port, shownActors, someText, wholeNumber } from '../arguments.js'
import { type ClusterFlags, clusterNameOption, natsOption, serversOf } from '../cluster-flags.js'
import { definitionsOf } from '../definitions.js'
import { exitCodes } from '../exit-codes.js'
import { type HttpDoor, openHttpDoor } from '../http-door.js'
import { printLine } from '../output.js'
import { dataDirectory, pathOption } from '../source.js'
import { taught } from '../teaching.js'

interface Flags extends ClusterFlags {
  readonly path: string
  readonly member?: string
  readonly shards?: number
  readonly replicas?: number
  readonly acceptLogLoss?: boolean
  readonly http?: number
  readonly metrics?: boolean
  /** A port, or true for the one where Stately's tools look. */
  readonly stately?: number | true
  readonly inspect?: InspectOptions['actors']
  readonly redact?: readonly string[]
}

export function startCommand(): Command {
  return taught(
    running(
      new Command('start')
        .summary('run the definitions of a module')
        .description(
          'Run a runtime with all definitions that a module exports (JavaScript or TypeScript), until SIGINT or SIGTERM. ' +
            'With --nats it is one member of a cluster: start the same on other machines, and they share the actors.',
        ),
    )
      .addOption(natsOption('be a member of the cluster on these servers of NATS; several with commas'))
      .addOption(clusterNameOption())
      .option('--member <id>', "the member's name; made of host and process unless said", someText)
      .option('--shards <n>', 'of a new cluster, for good: parts its actors are cut into (64)', wholeNumber)
      .option('--replicas <n>', 'of a new cluster: servers that keep each message (1)', wholeNumber)
      .option(
        '--accept-log-loss',
        'go on where streams were lost or made anew: from the journals that are there, without what none of them holds',
      )
      .action(start),
    [
      'start ./orders.js --path ./data',
      'start ./orders.ts --http 3000 --metrics',
      'start ./orders.ts --inspect order:approval --inspect order/o-1 --redact card',
      'start ./orders.js --nats nats://nats-1:4222,nats://nats-2:4222 --replicas 3',
    ],
  )
}

/** What `start` and `dev` take alike. */
export function running(command: Command): Command {
  return command
    .argument('<module>', 'exports what defineActor returned; TypeScript through tsx')
    .addOption(pathOption())
    .option('--http <port>', 'serve the HTTP API on 127.0.0.1; 0 for a free port', port)
    .option('--metrics', "count, and serve Prometheus' format at /metrics beside the HTTP API")
    .option(
      '--stately [port]',
      "show actors as they live to Stately's inspector, and on a page; 127.0.0.1, port 8080 unless said",
      port,
    )
    .addOption(
      new Option('--inspect <what>', 'what --stately shows: an actor, a type, or TYPE:STATE; repeatable')
        .argParser(each(shownActors))
        .implies({ stately: true }),
    )
    .addOption(
      new Option('--redact <field>', 'a field whose values --stately hides, wherever it is; repeatable')
        .argParser(each(String))
        .implies({ stately: true }),
    )
}

async function start(module: string, flags: Flags): Promise<void> {
  const stopping = whenToldToStop()
  const { createRuntime } = await import('../../compose.js')
  const definitions = await definitionsOf(module)
  const path = dataDirectory(flags.path)
  const cluster = await clusterMeant(flags, path)
  let failed = (_error: Error) => {}
  const failure = new Promise<Error>(resolve => {
    failed = resolve
  })
  const runtime = await createRuntime({
    actors: definitions as unknown as readonly AnyDefinition[],
    path,
    ...(cluster === undefined ? {} : { cluster }),
    metrics: flags.metrics === true,
    onFailed: error => failed(error),
    ...inspecting(flags, definitions),
  })
  let door: HttpDoor | undefined
  // Neither a control socket nor a port may be there to keep the process: being told to stop is what ends it.
  const held = setInterval(() => {}, 60_000)
  try {
    if (flags.http !== undefined) door = await openHttpDoor(runtime, flags.http, flags.metrics === true)
    const doors = { cluster: serversOf(flags), HTTP: door?.url, inspector: runtime.inspectUrl }
    printLine(banner(definitions, path, doors))
    const error = await Promise.race([stopping, failure])
    if (error !== undefined) {
      process.stderr.write(`perdure: the runtime failed: ${error.message}\n`)
      process.exitCode = exitCodes.unavailable
    }
  } finally {
    clearInterval(held)
    door?.retire()
    await runtime.stop()
    await door?.close()
  }
}

/** @throws SetupError for a directory that an embedded runtime has lived on: its actors would not be there. */
async function clusterMeant(flags: Flags, path: string) {
  const servers = serversOf(flags)
  if (servers === undefined) return undefined
  if (existsSync(join(path, 'journal.db')))
    throw new SetupError(
      'InvalidDefinition',
      `${path} holds the journal of an embedded runtime, and ${servers} (--nats or NATS_URL) asks for a cluster: ` +
        'name another directory with --path, or no servers',
      { path, servers },
    )
  const { clusterOf } = await import('../cluster/in-cluster.js')
  const { member, shards, replicas, acceptLogLoss } = flags
  return {
    ...clusterOf(flags),
    ...(member === undefined ? {} : { member }),
    ...(shards === undefined ? {} : { shards }),
    ...(replicas === undefined ? {} : { replicas }),
    ...(acceptLogLoss === undefined ? {} : { acceptLogLoss }),
  }
}

/** What was asked for, or some of every type. */
function inspecting(
  { stately, inspect, redact }: Flags,
  definitions: readonly Definition[],
): { inspect?: InspectOptions } {
  if (stately === undefined) return {}
  const actors = inspect ?? definitions.map(({ type }) => ({ type }))
  return {
    inspect: {
      actors,
      ...(redact === undefined ? {} : { redact }),
      ...(stately === true ? {} : { port: stately }),
    },
  }
}

/** One line: what runs, on what, and how it is reached. */
function banner(
  definitions: readonly Definition[],
  path: string,
  doors: Readonly<Record<string, string | undefined>>,
): string {
  const actors = definitions.map(one => {
    const { type, version: current, previous } = one[behaviour]
    const older = previous.map(each => each.version)
    return older.length === 0 ? `${type}@${current}` : `${type}@${current} (and ${older.join(', ')})`
  })
  const reached = Object.entries(doors).flatMap(([name, url]) =>
    url === undefined ? [] : `, ${name} at ${url}`,
  )
  return `perdure ${packageVersion()} runs ${actors.join(', ')} on ${path}${reached.join('')}, pid ${process.pid}`
}

/**
 * From now on signals are heard, so that one which comes early stops it too. Those that come later change
 * nothing: a terminal and whoever watches us may tell us twice, and stopping has a bound of its own.
 */
function whenToldToStop(): Promise<undefined> {
  return new Promise(resolve => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => resolve(undefined))
  })
}
