/**
 * The gateway as its customers see it: HTTP over connections that are kept open, no answer awaited for ever.
 */
import { Agent, request } from 'node:http'
import { TimeoutStrategy, timeout } from 'cockatiel'
import type { Charge, Refund } from './gateway.js'

/** More than orders are on their way at once: waiting for a connection would count as waiting for an answer. */
const connectionsMax = 256

/** The gateway heard it and said no: asking again the same way does not help, and the gateway is well. */
export class RefusedError extends Error {
  readonly code: 'CardDeclined' | 'Refused'

  constructor(path: string, status: number, text: string) {
    super(`gateway: POST ${path} was answered ${status}: ${text}`)
    this.name = 'RefusedError'
    this.code = status === 402 ? 'CardDeclined' : 'Refused'
  }
}

/** No answer in time. Whether money moved nobody can tell: ask again under the same key. */
class NoAnswerError extends Error {
  readonly code = 'NoAnswer'

  constructor(path: string, answerMsMax: number) {
    super(`gateway: POST ${path} was not answered within ${answerMsMax} ms`)
    this.name = 'NoAnswerError'
  }
}

export class GatewayClient {
  readonly #port: number
  readonly #answerMsMax: number
  readonly #agent = new Agent({ keepAlive: true, maxSockets: connectionsMax })
  readonly #patience

  constructor(port: number, answerMsMax: number) {
    this.#port = port
    this.#answerMsMax = answerMsMax
    this.#patience = timeout(answerMsMax, TimeoutStrategy.Cooperative)
  }

  /** @throws RefusedError, NoAnswerError, or what the connection failed with. */
  async charge({ key, orderId, amount }: Charge, signal: AbortSignal): Promise<{ receiptId: string }> {
    return (await this.#post('/charges', { key, orderId, amount }, signal)) as { receiptId: string }
  }

  /** @throws the same. */
  async refund({ key, amount }: Refund, signal: AbortSignal): Promise<{ refunded: boolean }> {
    return (await this.#post('/refunds', { key, amount }, signal)) as { refunded: boolean }
  }

  close(): void {
    this.#agent.destroy()
  }

  #post(path: string, body: object, signal: AbortSignal): Promise<unknown> {
    return this.#patience.execute(async limited => {
      try {
        return await this.#send(path, body, limited.signal)
      } catch (error) {
        const isLate = limited.signal.aborted && !signal.aborted
        throw isLate ? new NoAnswerError(path, this.#answerMsMax) : error
      }
    }, signal)
  }

  #send(path: string, body: object, signal: AbortSignal): Promise<unknown> {
    const bytes = JSON.stringify(body)
    return new Promise((resolve, reject) => {
      const posting = request(
        {
          host: '127.0.0.1',
          port: this.#port,
          method: 'POST',
          path,
          agent: this.#agent,
          signal,
          headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(bytes) },
        },
        response => {
          const { statusCode = 0 } = response
          let text = ''
          response.setEncoding('utf8')
          response.on('data', (chunk: string) => {
            text += chunk
          })
          response.on('error', reject)
          response.on('end', () => {
            if (statusCode === 200) resolve(JSON.parse(text))
            else if (statusCode < 500) reject(new RefusedError(path, statusCode, text))
            else reject(new Error(`gateway: POST ${path} was answered ${statusCode}: ${text}`))
          })
        },
      )
      posting.on('error', reject)
      posting.end(bytes)
    })
  }
}
