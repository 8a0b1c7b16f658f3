/** A client of a cluster is held against the contract of every client. */
import { after, before } from 'node:test'
import { type NatsServer, startNatsServer } from '../../../runtime/demo/nats-server/start-server.js'
import { clientContract } from '../../contracts/client.contract.js'
import { clientFollowingContract } from '../../contracts/client-following.contract.js'
import { clusterWorld } from '../../support/cluster-world.js'

let server: NatsServer
before(async () => {
  server = await startNatsServer()
})
after(() => server.stop())

const world = clusterWorld(() => server.url)

clientContract('through a cluster', world)
clientFollowingContract('through a cluster', world)
