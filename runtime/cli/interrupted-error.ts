/**
 * A person (or a script) asked a command to stop before its time.
 */
export class InterruptedError extends Error {
  constructor() {
    super('interrupted')
    this.name = 'InterruptedError'
  }
}
