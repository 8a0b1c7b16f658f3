/**
 * A thread that writes journals: of all shards of a process, or of one. Each has a port of its own to it, so that none
 * hears what another is told. One that is gone is begun anew for whoever opens a journal next.
 *
 * Invariant: when the thread goes, every journal it wrote for is told.
 */
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads'
import type { ThreadSetup } from './messages.js'

/** One journal's way to the thread. */
export interface ThreadWay {
  readonly port: MessagePort
  /** Whether something is on its way, for which the process is kept alive. */
  keepAlive(isBusy: boolean): void
  close(): void
}

interface Running {
  readonly worker: Worker
  /** How many keep the process alive. */
  busy: number
  /** Of the journals it writes: told why it is gone. */
  readonly ends: Set<(reason: string) => void>
}

export class JournalThread {
  #running: Running | undefined

  /** Begins to write one more journal. @param ended told when the thread goes before the way is closed. */
  open(setup: Omit<ThreadSetup, 'port'>, ended: (reason: string) => void): ThreadWay {
    this.#running ??= this.#begin()
    const running = this.#running
    const { worker, ends } = running
    const { port1, port2 } = new MessageChannel()
    worker.postMessage({ ...setup, port: port2 } satisfies ThreadSetup, [port2])
    ends.add(ended)
    let wasBusy = false
    const keepAlive = (isBusy: boolean) => {
      if (isBusy) port1.ref()
      else port1.unref()
      if (isBusy === wasBusy) return
      wasBusy = isBusy
      running.busy += isBusy ? 1 : -1
      if (running.busy === 0) worker.unref()
      else if (isBusy && running.busy === 1) worker.ref()
    }
    const close = () => {
      keepAlive(false)
      ends.delete(ended)
      port1.close()
      if (ends.size === 0) void this.#endOf(running)
    }
    return { port: port1, keepAlive, close }
  }

  /** Resolves when nothing of it runs any more, whatever it was at. */
  async end(): Promise<void> {
    if (this.#running !== undefined) await this.#endOf(this.#running)
  }

  async #endOf(running: Running): Promise<void> {
    if (this.#running === running) this.#running = undefined
    await running.worker.terminate()
  }

  #begin(): Running {
    const worker = new Worker(new URL('./thread.js', import.meta.url), {
      // What the program was started with may not suit a file of ours: `--input-type`, or what NODE_OPTIONS loads
      // first, which is meant to be there once.
      execArgv: [],
      env: {},
    })
    const running: Running = { worker, busy: 0, ends: new Set() }
    const gone = (reason: string) => {
      if (this.#running === running) this.#running = undefined
      const ends = [...running.ends]
      running.ends.clear()
      for (const tell of ends) tell(reason)
    }
    worker.on('error', error => gone(String(error)))
    worker.on('exit', code => gone(`it ended with ${code}`))
    worker.unref()
    return running
  }
}
