/**
 * What a client is held against: a runtime in this process, and one behind its control socket.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Limits } from '../../actors/limits.js'
import { connect } from '../../runtime/connect.js'
import type { AnyDefinition, Client, Runtime } from '../../runtime/index.js'
import { createRuntime } from '../support/runtime-here.js'

export interface ClientWorld extends AsyncDisposable {
  readonly client: Client
  /**
   * Whether commands are durable before there is anybody to apply them: sent to a runtime that is gone they are not
   * refused, but end in a Timeout that says under which id to ask again.
   */
  readonly storesCommands?: boolean
  /** The runtime goes away and is there again, on the same journal. */
  crash(): Promise<void>
  /** It goes away for good. */
  stop(): Promise<void>
}

export type WorldMaker = (actors: readonly AnyDefinition[], limits?: Partial<Limits>) => Promise<ClientWorld>

/** Whoever asks a client when its runtime is gone for good shall not wait long for that. */
const AWAY = { remoteAwayMsMax: 200, controlCloseMsMax: 50 }

/** Its engine dies and recovers within the process, as after a kill. */
export const localWorld: WorldMaker = async (actors, limits = {}) => {
  const path = mkdtempSync(join(tmpdir(), 'perdure-client-'))
  const runtime = await createRuntime({ actors, path, limits, control: false })
  return {
    client: runtime,
    crash: async () => (runtime as Runtime & { restart(): void }).restart(),
    stop: () => runtime.stop(),
    async [Symbol.asyncDispose]() {
      await runtime.stop()
      rmSync(path, { recursive: true, force: true })
    },
  }
}

/** It is stopped and started again; the client sees its socket go and come. */
export const remoteWorld: WorldMaker = async (actors, limits = {}) => {
  const path = mkdtempSync(join(tmpdir(), 'perdure-client-'))
  const start = () => createRuntime({ actors, path, limits: { ...AWAY, ...limits } })
  let runtime = await start()
  const client = await connect({ actors, path, limits: { ...AWAY, ...limits } })
  return {
    client,
    async crash() {
      await runtime.stop()
      runtime = await start()
    },
    stop: () => runtime.stop(),
    async [Symbol.asyncDispose]() {
      await client[Symbol.asyncDispose]()
      await runtime.stop()
      rmSync(path, { recursive: true, force: true })
    },
  }
}
