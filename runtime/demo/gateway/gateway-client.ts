/**
 * The gateway as its customers see it: HTTP over connections that are kept open.
 */
import { Agent, request } from 'node:http'
import type { Charge } from './gateway.js'

const connectionsMax = 64

export class GatewayClient {
  readonly #port: number
  readonly #agent = new Agent({ keepAlive: true, maxSockets: connectionsMax })

  constructor(port: number) {
    this.#port = port
  }

  async charge(charge: Charge, signal: AbortSignal): Promise<{ receiptId: string }> {
    return (await this.#post('/charges', charge, signal)) as { receiptId: string }
  }

  async refund(key: string, signal: AbortSignal): Promise<{ refunded: boolean }> {
    return (await this.#post('/refunds', { key }, signal)) as { refunded: boolean }
  }

  close(): void {
    this.#agent.destroy()
  }

  #post(path: string, body: object, signal: AbortSignal): Promise<unknown> {
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
          let text = ''
          response.setEncoding('utf8')
          response.on('data', (chunk: string) => {
            text += chunk
          })
          response.on('error', reject)
          response.on('end', () => {
            if (response.statusCode === 200) resolve(JSON.parse(text))
            else reject(new Error(`gateway: POST ${path} was answered ${response.statusCode}: ${text}`))
          })
        },
      )
      posting.on('error', reject)
      posting.end(bytes)
    })
  }
}
