/** A program that starts a server, tells of it, and stays until it is killed. */
import { startNatsServer } from '../../../runtime/demo/nats-server/start-server.js'

const { pid, storeDir } = await startNatsServer()
process.stdout.write(JSON.stringify({ pid, storeDir }))
setInterval(() => {}, 60_000)
