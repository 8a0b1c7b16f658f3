/** A program: finds a nats-server, or fetches one, and writes its path. */
import { findNatsServer } from '../../../runtime/demo/nats-server/find-server.js'

try {
  const { path } = await findNatsServer({ onFetch: what => process.stderr.write(`nats-server: ${what} …\n`) })
  process.stdout.write(`${path}\n`)
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}
