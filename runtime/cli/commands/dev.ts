/** `perdure dev`: `start`, again after each change of the module or of what it imports. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:os'
import { fileURLToPath } from 'node:url'
import { Command } from 'commander'
import { exitCodes } from '../exit-codes.js'
import { taught } from '../teaching.js'
import { running } from './start.js'

const main = fileURLToPath(new URL('../main.js', import.meta.url))

export function devCommand(): Command {
  return taught(
    running(
      new Command('dev')
        .summary('the same, started again on each change')
        .description(
          "Run a module's definitions while you write them: started again on each change of a file they are made of. " +
            'Actors go on where they were; those in flight keep to the version they began on.',
        ),
    ).action(dev),
    ['dev ./orders.ts', 'dev ./orders.ts --http 3000'],
  )
}

/** Node itself watches what is imported, and starts the same command line with `start` for `dev`. */
async function dev(_module: string, _flags: object, command: Command): Promise<void> {
  const given = command.parent?.args ?? []
  const rest = given.slice(given.indexOf('dev') + 1)
  const child = spawn(process.execPath, ['--watch', '--watch-preserve-output', main, 'start', ...rest], {
    stdio: 'inherit',
  })
  // A terminal tells both of us; a script tells us alone.
  const hand = (signal: NodeJS.Signals) => child.kill(signal)
  process.on('SIGINT', hand)
  process.on('SIGTERM', hand)
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null]
  process.off('SIGINT', hand)
  process.off('SIGTERM', hand)
  const wasStopped = signal === 'SIGINT' || signal === 'SIGTERM'
  process.exitCode =
    wasStopped || code === 128 + constants.signals.SIGINT ? exitCodes.done : (code ?? exitCodes.unavailable)
}
