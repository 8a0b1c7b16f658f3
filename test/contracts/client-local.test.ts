import { clientContract } from './client.contract.js'
import { clientFollowingContract } from './client-following.contract.js'
import { localWorld } from './client-worlds.js'

clientContract('in this process', localWorld)
clientFollowingContract('in this process', localWorld)
