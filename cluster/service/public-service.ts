/**
 * The public requests of a cluster as a micro service of NATS: an endpoint a verb, of which any member answers, and
 * `$SRV.PING`, `INFO` and `STATS` as every tool knows them.
 *
 * Owns: the subjects, how many are answered at once, and that whoever asked before an end still gets his answer. Does
 * not own what is answered. The service's own statistics time only how long a request takes to be taken up; how
 * many are being answered, and how many were refused, stands in each endpoint's `data`.
 */
import { type Service, ServiceErrorCodeHeader, ServiceErrorHeader, Svcm } from '@nats-io/services'
import { headers, type Msg, type MsgHdrs } from '@nats-io/transport-node'
import type { Clock } from '../../actors/clock.js'
import { OverloadedError, type PerdureError } from '../../actors/errors.js'
import type { Limits } from '../../actors/limits.js'
import type { ClusterConnection } from '../connection.js'
import type { Names } from '../names.js'
import { HEADER } from '../wire/header.js'
import { isAboutAttempt, PUBLIC_VERBS, type PublicMessage, type PublicVerb } from './read-request.js'

export interface PublicAnswer {
  readonly body: Uint8Array
  readonly contentType: string
  /** What tools of NATS are told of a failure; `status` as HTTP has it. */
  readonly error?: { readonly status: number; readonly code: string }
}

/** Makes answers, failures too. Neither ever throws. */
export interface Answerer {
  answer(message: PublicMessage): Promise<PublicAnswer>
  refuse(message: PublicMessage, error: PerdureError): PublicAnswer
}

export interface PublicServiceSite {
  readonly connection: ClusterConnection
  readonly names: Names
  readonly clock: Clock
  readonly limits: Limits
  /** Of Perdure, and of the member that answers. */
  readonly version: string
  readonly member: string
  readonly answerer: Answerer
}

/** Of the members that hear a request, one answers. */
const QUEUE = 'perdure'

/**
 * The package of services declares what it takes by a copy of its own of the client's types, older than the client;
 * it calls nothing of it that is not there (test/integration/cluster/public-service.test.ts).
 */
type ServiceConnection = ConstructorParameters<typeof Svcm>[0]

interface Count {
  answering: number
  refused: number
}

export class PublicService {
  readonly #site: PublicServiceSite
  readonly #service: Service
  readonly #answering = new Set<Promise<void>>()

  private constructor(site: PublicServiceSite, service: Service) {
    this.#site = site
    this.#service = service
  }

  /** Resolves once the server knows that this member answers. */
  static async open(site: PublicServiceSite): Promise<PublicService> {
    const { connection, names, version, member } = site
    const counts = new Map<string, Count>()
    const service = await new Svcm(connection.nc as unknown as ServiceConnection).add({
      name: names.name,
      version,
      description: 'actors: ask them, look at them, read their history',
      metadata: { member },
      queue: QUEUE,
      statsHandler: ({ subject }) => Promise.resolve({ ...counts.get(subject) }),
    })
    const open = new PublicService(site, service)
    for (const verb of PUBLIC_VERBS) {
      const count: Count = { answering: 0, refused: 0 }
      const subject = isAboutAttempt(verb) ? names.attempt(verb, '*') : names.request(verb, '*/*')
      counts.set(subject, count)
      service.addEndpoint(verb, {
        subject,
        handler: (error, message) => {
          if (error === null) open.#take(verb, message as unknown as Msg, count)
        },
      })
    }
    await connection.nc.flush()
    return open
  }

  #take(verb: PublicVerb, message: Msg, count: Count): void {
    const { limits, answerer } = this.#site
    if (message.reply === undefined || message.reply === '') return
    const { subject, data: body, headers: head } = message
    const asked = { verb, subject, headers: head, body }
    if (this.#answering.size >= limits.remoteRequestsMax) {
      count.refused++
      const error = new OverloadedError('the requests that this member answers', limits.remoteRequestsMax)
      respond(message, answerer.refuse(asked, error))
      return
    }
    count.answering++
    const answering = answerer.answer(asked).then(answer => {
      if (answer.error !== undefined) count.refused++
      count.answering--
      this.#answering.delete(answering)
      respond(message, answer)
    })
    this.#answering.add(answering)
  }

  /** Takes no more requests; others of the queue get them. */
  async retire(): Promise<void> {
    if (!this.#service.isStopped) await this.#service.stop()
  }

  /** Resolves when all that was taken is answered, or `stopMsMax` is over. */
  async close(): Promise<void> {
    const { clock, limits } = this.#site
    await this.retire()
    let cancel = () => {}
    const patience = new Promise<void>(resolve => {
      cancel = clock.after(limits.stopMsMax, resolve)
    })
    await Promise.race([patience, Promise.all(this.#answering)])
    cancel()
  }
}

/** Whoever is not there any more does not get it. */
function respond(message: Msg, { body, contentType, error }: PublicAnswer): void {
  const head: MsgHdrs = headers()
  head.set(HEADER.contentType, contentType)
  if (error !== undefined) {
    head.set(ServiceErrorHeader, error.code)
    head.set(ServiceErrorCodeHeader, String(error.status))
  }
  try {
    message.respond(body, { headers: head })
  } catch {
    // The connection is closed for good: who asked hears of nobody, and asks another.
  }
}
