/**
 * A nats-server as a child of this process: on 127.0.0.1, with JetStream, ready when its promise is. It never
 * outlives this process, and its directory goes with it.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { UnavailableError } from '../../../actors/errors.js'
import { findNatsServer } from './find-server.js'
import { freePort } from './free-port.js'
import { reapLater, reapNoMore } from './reaper.js'
import { configurationOf, type ServerOptions } from './server-settings.js'

const portTriesMax = 5
const readyMsMax = 30_000
const lookEveryMs = 10
const answerMsMax = 1_000
const stopMsMax = 5_000

/** @throws UnavailableError when there is none to start, or it ends before it is ready. */
export async function startNatsServer(options: ServerOptions = {}): Promise<NatsServer> {
  const server = await launchNatsServer(options)
  return await readied(server)
}

/** Started, and not waited for: servers of a cluster are ready only together. */
export async function launchNatsServer(options: ServerOptions): Promise<NatsServer> {
  const { path, version } = await findNatsServer()
  const directory = await mkdtemp(join(tmpdir(), 'perdure-nats-'))
  for (let tries = 1; ; tries++) {
    const port = options.port ?? (await freePort())
    const monitorPort = await freePort()
    const storeDir = options.storeDir ?? join(directory, 'store')
    const server = new NatsServer({ path, version, directory, storeDir, port, monitorPort }, options)
    await server.start()
    if (await server.listens()) return server
    const said = await server.logs()
    const taken = said.includes('address already in use') && options.port === undefined
    if (taken && tries < portTriesMax) continue
    await server.stop()
    throw new UnavailableError(`nats-server on port ${port} ended before it was ready: ${lastLines(said)}`)
  }
}

/** Waits until it and its JetStream say that they are well; stops it when they do not. */
async function readied(server: NatsServer): Promise<NatsServer> {
  try {
    await server.ready()
    return server
  } catch (error) {
    await server.stop()
    throw error
  }
}

interface Place {
  readonly path: string
  readonly version: string
  readonly directory: string
  readonly storeDir: string
  readonly port: number
  readonly monitorPort: number
}

export class NatsServer {
  readonly version: string
  readonly port: number
  readonly storeDir: string
  readonly #place: Place
  readonly #options: ServerOptions
  #process: ChildProcess | undefined
  #exited: Promise<void> = Promise.resolve()

  constructor(place: Place, options: ServerOptions) {
    this.#place = place
    this.#options = options
    this.version = place.version
    this.port = place.port
    this.storeDir = place.storeDir
  }

  get url(): string {
    return `${this.#options.tls === undefined ? 'nats' : 'tls'}://127.0.0.1:${this.port}`
  }

  /** Of its monitoring port. */
  get monitorUrl(): string {
    return `http://127.0.0.1:${this.#place.monitorPort}`
  }

  /** @throws when it does not run. */
  get pid(): number {
    const pid = this.#process?.pid
    if (pid === undefined) throw new Error(`the nats-server of port ${this.port} does not run`)
    return pid
  }

  get runs(): boolean {
    return this.#process !== undefined
  }

  /** Runs the program; `ready` tells when it serves. */
  async start(): Promise<void> {
    const { directory, path } = this.#place
    const file = join(directory, 'server.conf')
    await writeFile(file, configurationOf(this.#options, this.#place))
    const log = await open(join(directory, 'server.log'), 'a')
    const child = spawn(path, ['-c', file], { stdio: ['ignore', log.fd, log.fd], detached: true })
    const { pid } = child
    this.#exited = new Promise(resolve => {
      const gone = () => {
        if (pid !== undefined) reapNoMore(pid)
        if (this.#process === child) this.#process = undefined
        resolve()
      }
      child.once('exit', gone).once('error', gone)
    })
    if (pid !== undefined) {
      this.#process = child
      reapLater({ pid, directory })
    }
    await log.close()
  }

  /** Whether it came as far as to answer; false when it ended first. */
  async listens(): Promise<boolean> {
    // Another server may answer, where this one found its ports taken.
    return await this.#until(async () => (await this.monitor('/varz'))?.port === this.port)
  }

  /** @throws UnavailableError when it ends, or is not well in time. */
  async ready(): Promise<void> {
    if (await this.#until(async () => isWell(await this.monitor('/healthz')))) return
    throw new UnavailableError(`nats-server on port ${this.port}: ${lastLines(await this.logs())}`)
  }

  /** What its monitoring answers to a path like `/jsz`, or undefined when it does not. */
  async monitor(path: string): Promise<Readonly<Record<string, unknown>> | undefined> {
    const signal = AbortSignal.timeout(answerMsMax)
    try {
      const response = await fetch(`${this.monitorUrl}${path}`, { signal })
      return (await response.json()) as Readonly<Record<string, unknown>>
    } catch {
      return undefined
    }
  }

  /** Ends it as a crash does. Its directory stays for `restart`. */
  async kill(): Promise<void> {
    this.#process?.kill('SIGKILL')
    await this.#exited
  }

  /** Runs it again, on the same directory and ports, and waits until it is ready. */
  async restart(): Promise<void> {
    await this.#end()
    await this.start()
    await this.ready()
  }

  /** Ends it, and removes its directory. */
  async stop(): Promise<void> {
    await this.#end()
    await rm(this.#place.directory, { recursive: true, force: true, maxRetries: 5 })
  }

  async logs(): Promise<string> {
    return await readFile(join(this.#place.directory, 'server.log'), 'utf8').catch(() => '')
  }

  async #end(): Promise<void> {
    const child = this.#process
    if (child === undefined) return
    // A frozen one hears nothing before it goes on.
    child.kill('SIGCONT')
    child.kill('SIGTERM')
    const timer = setTimeout(() => child.kill('SIGKILL'), stopMsMax)
    await this.#exited
    clearTimeout(timer)
  }

  async #until(holds: () => Promise<boolean>): Promise<boolean> {
    for (let left = readyMsMax; left > 0 && this.runs; left -= lookEveryMs) {
      if (await holds()) return true
      await delay(lookEveryMs)
    }
    return false
  }
}

function isWell(answer: Readonly<Record<string, unknown>> | undefined): boolean {
  return answer?.status === 'ok'
}

function lastLines(log: string): string {
  return log.trimEnd().split('\n').slice(-3).join(' | ') || 'it wrote nothing'
}
