/**
 * The outside world of a simulation: a payment gateway that honours idempotency keys, a printer that does
 * not, and whatever an actor did with a custom action. It goes on when the runtime dies: a request on its way
 * takes effect, and its answer finds nobody.
 *
 * Invariant: it knows nothing of the runtime but whether somebody is there to hear an answer.
 */
import type { Address } from '../../actors/address.js'
import { readAttemptToken } from '../../actors/attempt-token.js'
import { PerdureError } from '../../actors/errors.js'
import { beaten, completed } from '../../runtime/client/completing.js'
import type { ActorService } from '../../runtime/client/service.js'
import type { Random } from './random.js'
import type { Owner, Scheduler } from './scheduler.js'

/** What an activity was called with. */
export interface Request {
  readonly idempotencyKey: string
  readonly attempt: number
  readonly input: unknown
  readonly lastHeartbeat?: unknown
  readonly token: string
  elsewhere(): Promise<never>
}

/** One effect on the world, for good. */
export interface Effect {
  readonly key: string
  readonly input: string
  readonly receipt: string
  /** How often it was asked for. */
  asked: number
}

type Behaviour =
  | 'ok'
  | 'refuse'
  | 'breakBefore'
  | 'breakAfter'
  | 'hangBefore'
  | 'hangAfter'
  | 'late'
  | 'quick'
  | 'elsewhere'

const MOODS: Readonly<Record<Behaviour, number>> = {
  ok: 10,
  quick: 4,
  refuse: 1,
  breakBefore: 2,
  breakAfter: 2,
  hangBefore: 1,
  hangAfter: 1,
  late: 1,
  elsewhere: 3,
}

export interface WorldSite {
  readonly scheduler: Scheduler
  readonly random: Random
  /** Ends the process that runs now. */
  kill(): void
  /** The process that runs now; undefined while there is none. */
  caller(): Owner | undefined
  /** Who takes word of what is worked on elsewhere about an actor; undefined while nobody does. */
  door(actor: Address): ActorService | undefined
  count(what: string): void
  trace(what: string): void
  fail(what: string): void
}

/** What the world has done, whoever asked for it. */
export class Books {
  /** By idempotency key. */
  readonly ledger = new Map<string, Effect>()
  readonly declined = new Set<string>()
  /** How often each page was printed, by idempotency key. */
  readonly printed = new Map<string, number>()
  /** Custom actions run, by what they were about. */
  readonly acted = new Map<string, number>()
  /** From now on the world neither fails nor hangs. */
  kind = false
}

/** The world as one process meets it. */
export class World {
  readonly books: Books
  readonly #site: WorldSite

  constructor(site: WorldSite, books = new Books()) {
    this.#site = site
    this.books = books
  }

  /** Takes effect once a key, however often it is asked for. */
  charge(request: Request): Promise<{ key: string; receipt: string }> {
    return this.#answer(request, 'charge', () => this.#enter(request))
  }

  /** Takes effect whenever it is asked for. */
  print(request: Request): Promise<string> {
    return this.#answer(request, 'print', () => {
      const { idempotencyKey: key } = request
      this.books.printed.set(key, (this.books.printed.get(key) ?? 0) + 1)
      return `page ${key}`
    })
  }

  act(about: string): void {
    if (this.#site.caller() === undefined) return
    this.books.acted.set(about, (this.books.acted.get(about) ?? 0) + 1)
  }

  /** What a step does that takes the whole process with it. */
  kill(): void {
    this.#site.kill()
  }

  /** Goes on whatever becomes of the process that handed it off, beats now and then, and says at last what came of it. */
  #workElsewhere(request: Request, effect: () => unknown): void {
    const { scheduler, random } = this.#site
    const { token, idempotencyKey: details } = request
    let left = random.between(0, 3)
    const goOn = () => {
      if (left-- > 0) {
        this.#say('beat', token, service => beaten(service, { token, details }))
        scheduler.schedule(random.between(10, 1_500), goOn)
        return
      }
      const output = effect()
      // Word of it may never come.
      if (random.chance(0.8)) this.#say('done', token, service => completed(service, { token, output }), true)
    }
    scheduler.schedule(random.between(1, 120), goOn)
  }

  #say(
    what: string,
    token: string,
    say: (service: ActorService) => Promise<unknown>,
    isToBeHeard = false,
  ): void {
    const { scheduler, random, door, count, trace, fail } = this.#site
    const { actor, attempt } = readAttemptToken(token)
    const name = `elsewhere: ${what} of attempt ${attempt} of ${actor}`
    const again = () => {
      if (isToBeHeard) this.#say(what, token, say, isToBeHeard)
    }
    const service = door(actor)
    if (service === undefined) {
      if (isToBeHeard) scheduler.schedule(random.between(50, 1_000), again)
      return
    }
    // Who hears nothing for long says it again.
    const stopWaiting = scheduler.schedule(4_000, again)
    trace(name)
    say(service).then(
      () => {
        stopWaiting()
        count(`elsewhere ${what}`)
      },
      (error: unknown) => {
        stopWaiting()
        const code = error instanceof PerdureError ? error.code : undefined
        trace(`${name}: ${code}`)
        if (code === 'NotFound') count(`elsewhere ${what} for nothing`)
        else if (code === 'Unavailable' || code === 'Overloaded')
          scheduler.schedule(random.between(50, 1_000), again)
        else fail(`${name}: ${String(error)}`)
      },
    )
  }

  #enter({ idempotencyKey: key, input, lastHeartbeat }: Request): { key: string; receipt: string } {
    const known = this.books.ledger.get(key)
    const asked = JSON.stringify(input)
    if (known !== undefined && known.input !== asked)
      this.#site.fail(`the key ${key} was used for ${known.input} and for ${asked}`)
    if (lastHeartbeat !== undefined && lastHeartbeat !== key)
      this.#site.fail(`${key} was given the heartbeat of another: ${String(lastHeartbeat)}`)
    const effect = known ?? { key, input: asked, receipt: `receipt ${this.books.ledger.size + 1}`, asked: 0 }
    effect.asked++
    this.books.ledger.set(key, effect)
    return { key, receipt: effect.receipt }
  }

  #answer<Result>(request: Request, what: string, effect: () => Result): Promise<Result> {
    const { scheduler, random, trace } = this.#site
    const caller = this.#site.caller()
    if (caller === undefined) return new Promise(() => {})
    const mood: Behaviour = this.books.kind ? random.pick(['ok', 'quick']) : random.weighted(MOODS)
    const travelMs = mood === 'quick' ? 0 : random.between(1, 120)
    const answerMs = mood === 'late' ? random.between(1_500, 4_000) : travelMs + random.between(0, 120)
    trace(`world: ${what} ${request.idempotencyKey} attempt ${request.attempt} (${mood})`)
    return new Promise((resolve, reject) => {
      const answer = (run: () => void) => scheduler.schedule(answerMs, run, caller)
      if (mood === 'refuse' && what === 'charge' && !this.books.ledger.has(request.idempotencyKey))
        this.books.declined.add(request.idempotencyKey)
      if (this.books.declined.has(request.idempotencyKey))
        return answer(() => reject(Object.assign(new Error('declined'), { code: 'Declined' })))
      if (mood === 'breakBefore') return answer(() => reject(new Error('no connection')))
      if (mood === 'hangBefore') return
      if (mood === 'elsewhere') {
        this.#workElsewhere(request, effect)
        request.elsewhere().catch(reject)
        return
      }
      scheduler.schedule(travelMs, () => {
        const result = effect()
        if (mood === 'hangAfter') return
        if (mood === 'breakAfter') return answer(() => reject(new Error('connection lost')))
        answer(() => resolve(result))
      })
    })
  }
}
