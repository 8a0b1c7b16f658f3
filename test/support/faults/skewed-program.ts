/** A program that tells its time when asked, by a clock that may be skewed. */
import { SystemClock } from '../../../runtime/system-clock.js'
import { honourSkew } from './skewed-clock.js'

honourSkew()
const clock = new SystemClock()
process.on('message', (message: unknown) => {
  if (message === 'now?') process.send?.({ now: clock.now(), elapsed: clock.elapsed() })
})
process.on('disconnect', () => process.exit())
process.send?.('ready')
