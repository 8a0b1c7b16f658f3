/**
 * Runs the orders: feeds commands to the runtime process, kills it when told, starts it again and sends what
 * was not acknowledged, under the same ids. It is the outside: it knows what was acknowledged, and nothing
 * of how.
 *
 * Invariant: an order's purchase is sent when everything sent before for that order is acknowledged, so
 * that purchases reach the runtime in the order of the input, crashes or not. Customers' risk profiles hear
 * of purchases in that order, and what they answer depends on it.
 */
import { UnavailableError } from '../../actors/errors.js'
import { Child } from './child.js'
import { deferred } from './deferred.js'
import { logFile } from './demo-directory.js'
import { Flight, type FlightClock } from './flight.js'
import type { OrderCommand } from './order-record.js'
import { type FromRuntime, inFlightMax, type ToRuntime } from './protocol.js'

export interface GatewayPlace {
  readonly port: number
  /** How long it is given to answer, milliseconds. */
  readonly answerMsMax: number
}

export class Supervisor {
  readonly flight: Flight
  /** Commands applied without a transition: facts heard twice or after an order's end. */
  unhandled = 0
  kills = 0
  /** How often the circuit before the gateway opened, in all processes together. */
  circuitOpened = 0
  readonly #directory: string
  readonly #gateway: GatewayPlace
  #child: Child<FromRuntime, ToRuntime> | undefined
  #outbox: OrderCommand[] = []
  #phase: 'running' | 'finishing' | 'stopping' | 'abandoned' = 'running'
  #killing = false
  readonly #ready = deferred()
  readonly #finished = deferred()
  readonly #stopped = deferred()

  constructor(directory: string, gateway: GatewayPlace, clock: FlightClock) {
    this.#directory = directory
    this.#gateway = gateway
    this.flight = new Flight(inFlightMax, clock)
  }

  /** Rejects when the runtime process fails by itself. */
  get failed(): Promise<void> {
    return this.#stopped.promise
  }

  /** Resolves once the runtime process takes commands. */
  async start(): Promise<void> {
    await this.#launch()
    await Promise.race([this.#ready.promise, this.failed])
  }

  async #launch(): Promise<void> {
    const { flight } = this
    this.#child = await Child.start(
      new URL('./runtime-process.js', import.meta.url),
      [this.#directory, String(this.#gateway.port), String(this.#gateway.answerMsMax)],
      logFile(this.#directory),
      message => this.#hear(message),
    )
    this.#child.ended.then(({ code, signal }) => this.#ended(code, signal)).catch(error => this.#fail(error))
    // Killed before it was there to be killed.
    if (this.#killing || this.#phase === 'abandoned') return this.#child.kill()
    // What is said now the channel keeps until the process listens.
    this.#child.say({
      type: 'settle',
      commands: flight.unsettled.map(({ id, orderId }) => ({ id, orderId })),
    })
    this.#child.say({ type: 'commands', commands: flight.unapplied })
    this.#outbox = []
    if (this.#phase === 'finishing') this.#child.say({ type: 'finish' })
    if (this.#phase === 'stopping') this.#child.say({ type: 'stop' })
  }

  /** Sends a command, once there is room for it. */
  async send(command: OrderCommand): Promise<void> {
    const { flight } = this
    await flight.room()
    if (command.event.type === 'PURCHASED') await flight.until(() => !this.#hasUnapplied(command))
    flight.send(command)
    this.#outbox.push(command)
    if (this.#outbox.length === 1) setImmediate(() => this.#flush())
  }

  /** Kills the runtime process, wherever it is; it is started again when it is gone. False when it is dying already. */
  kill(): boolean {
    if (this.#killing) return false
    this.#killing = true
    this.kills++
    this.#child?.kill()
    return true
  }

  /** Resolves once all is settled and the last timer has fired. */
  async finish(): Promise<void> {
    await this.flight.until(() => this.flight.size === 0)
    this.#phase = 'finishing'
    this.#child?.say({ type: 'finish' })
    await this.#finished.promise
  }

  async stop(): Promise<void> {
    this.#phase = 'stopping'
    this.#child?.say({ type: 'stop' })
    await this.#stopped.promise
  }

  /** Ends it at once, for good. */
  async abandon(): Promise<void> {
    this.#phase = 'abandoned'
    this.#child?.kill()
    await this.#child?.ended
  }

  #flush(): void {
    if (this.#outbox.length === 0 || this.#killing) return
    this.#child?.say({ type: 'commands', commands: this.#outbox })
    this.#outbox = []
  }

  #hasUnapplied({ id, orderId }: OrderCommand): boolean {
    for (let nth = Number(id.slice(orderId.length + 1)) - 1; nth > 0; nth--)
      if (this.flight.isUnapplied(`${orderId}:${nth}`)) return true
    return false
  }

  #hear(message: FromRuntime): void {
    switch (message.type) {
      case 'ready':
        return this.#ready.resolve()
      case 'notices':
        this.unhandled += message.unhandled.length
        for (const id of message.applied) this.flight.noteApplied(id)
        for (const id of message.settled) this.flight.noteSettled(id)
        return
      case 'circuit':
        if (message.state === 'open') this.circuitOpened++
        return
      case 'refused':
        this.#fail(new UnavailableError(`command ${message.id} was refused: ${message.message}`))
        return
      case 'finished':
        return this.#finished.resolve()
      case 'failed':
        this.#fail(new UnavailableError(`the runtime process failed: ${message.message}`))
    }
  }

  async #ended(code: number | null, signal: string | null): Promise<void> {
    const wasKilled = this.#killing
    this.#killing = false
    if (this.#phase === 'abandoned') return
    if (wasKilled) {
      await this.#launch()
    } else if (this.#phase === 'stopping' && code === 0) this.#stopped.resolve()
    else
      this.#fail(
        new UnavailableError(
          `the runtime process ended by itself (${signal ?? `code ${code}`}): see ${logFile(this.#directory)}`,
        ),
      )
  }

  #fail(error: Error): void {
    this.#ready.reject(error)
    this.#stopped.reject(error)
    this.#finished.reject(error)
  }
}
