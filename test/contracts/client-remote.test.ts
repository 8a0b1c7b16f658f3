import { clientContract } from './client.contract.js'
import { clientFollowingContract } from './client-following.contract.js'
import { remoteWorld } from './client-worlds.js'

clientContract('through the control socket', remoteWorld)
clientFollowingContract('through the control socket', remoteWorld)
